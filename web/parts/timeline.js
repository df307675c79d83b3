// A client's states over time. What the server itself did not see is hatched: its stalls and outages, and where
// its history is not whole.
import { html, svg } from 'lit';
import { age, moment, timeOfDay, nanos } from '../words/span.js';
import { causeWord, healthWord, incidentWord, OWN_FAULTS, stateWord } from '../words/enums.js';

const MINUTE = 60e3, HOUR = 60 * MINUTE;
// auto: as far as there is something to see.
export const RANGES = { auto: NaN, '15m': 15 * MINUTE, '1h': HOUR, '6h': 6 * HOUR, '24h': 24 * HOUR, '7d': 168 * HOUR, all: Infinity };

// The stretches of one state or health, oldest first: {from, to, state, health, transition}.
export function stretches(history, now) {
  const oldestFirst = [...history].reverse();
  return oldestFirst.map((transition, i) => ({
    from: Date.parse(transition.time), to: i + 1 < oldestFirst.length ? Date.parse(oldestFirst[i + 1].time) : now,
    state: stateWord(transition.to_state), health: healthWord(transition.to_health), transition,
  })).filter((each) => each.state !== 'FORGOTTEN');
}

// {from, to, word, text} of what the server could not see.
export function blindSpots(server, gaps, history, now) {
  const spots = (server?.incidents ?? []).filter((each) => OWN_FAULTS.has(incidentWord(each.kind))).map((each) => {
    const from = Date.parse(each.start_time);
    const to = each.end_time ? Date.parse(each.end_time) : each.length ? from + nanos(each.length) / 1e6 : now;
    return { from, to, word: incidentWord(each.kind), text: each.message, goesOn: !each.end_time };
  });
  const oldestFirst = [...history].reverse();
  for (const gap of gaps ?? []) {
    const before = oldestFirst.findLast((each) => Number(each.revision) <= Number(gap.after_revision));
    const after = oldestFirst.find((each) => Number(each.revision) > Number(gap.resumes_at_revision));
    spots.push({ from: before ? Date.parse(before.time) : -Infinity, to: after ? Date.parse(after.time) : now, word: 'HISTORY GAP',
      text: `between revisions ${gap.after_revision} and ${gap.resumes_at_revision} history is not whole` });
  }
  return spots;
}

const HEIGHTS = { ALIVE: 22, SUSPECT: 15, DEAD: 6, LEFT: 3 };
const BASE = 40;

export function timeline({ history, gaps, server, now, zone, range, revision }) {
  const all = stretches(history, now);
  if (!all.length) return html`<p class="note">History holds nothing of it.</p>`;
  const span = range === 'all' ? Math.max(now - all[0].from, MINUTE) : RANGES[range] || Math.min(Math.max(1.05 * (now - all[0].from), MINUTE), 24 * HOUR);
  const from = now - span;
  const x = (time) => (100 * (Math.min(Math.max(time, from), now) - from)) / span;
  const percent = (value) => `${value.toFixed(3)}%`;
  const seen = all.filter((each) => each.to >= from);
  const spots = blindSpots(server, gaps, history, now).filter((each) => each.to >= from);
  const wide = (each) => Math.max(x(each.to) - x(each.from), 0.25);
  const ticks = [0, 0.2, 0.4, 0.6, 0.8].map((part) => from + part * span);
  const long = span > 36 * HOUR;
  return html`<svg class="timeline" role="img" aria-label=${describe(seen, spots)}>
    <defs><pattern id="blind" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path
      d="M0 0h2v6H0Z" class="blind-ink"/></pattern></defs>
    ${seen.map((each) => svg`<rect class="stretch ${each.state} ${each.health}" x=${percent(x(each.from))} width=${percent(wide(each))}
      y=${BASE - (HEIGHTS[each.state] ?? 3)} height=${HEIGHTS[each.state] ?? 3}><title>${each.state}${each.health && each.health !== 'OK' ? `, ${each.health}` : ''} from ${
        moment(each.from, zone)} for ${age((each.to - each.from) * 1e6)}, ${causeWord(each.transition.cause) || 'well'}</title></rect>`)}
    ${seen.filter((each) => wide(each) > 7).map((each) => svg`<text class="word ${each.state}" x=${percent(x(each.from) + 0.4)} y="14">${each.state}</text>`)}
    ${seen.filter((each) => ['STALLED', 'MAINTENANCE'].includes(each.health)).map((each) => svg`<rect class="health ${each.health}"
      x=${percent(x(each.from))} width=${percent(wide(each))} y="42" height="5"><title>${each.health}</title></rect>`)}
    ${seen.filter((each, i) => each.from >= from && i > 0 && each.transition.incarnation !== seen[i - 1].transition.incarnation).map((each) => svg`<line
      class="incarnation" x1=${percent(x(each.from))} x2=${percent(x(each.from))} y1="2" y2="48"><title>incarnation ${each.transition.incarnation}</title></line>`)}
    ${spots.map((each) => svg`<rect class="blind" x=${percent(x(each.from))} width=${percent(Math.max(wide(each), 0.4))} y="2" height="46"
      fill="url(#blind)"><title>${each.word}: ${each.text}</title></rect>`)}
    ${revision ? history.filter((each) => each.revision === revision).map((each) => svg`<line class="here" x1=${percent(x(Date.parse(each.time)))}
      x2=${percent(x(Date.parse(each.time)))} y1="0" y2="50"/>`) : ''}
    ${ticks.map((time) => svg`<text class="tick" x=${percent(x(time))} y="63">${long ? moment(time, zone).slice(5, 16).replace('T', ' ') : timeOfDay(time, zone)}</text>`)}
    <text class="tick end" x="100%" y="63" text-anchor="end">now</text>
  </svg>
  <ul class="legend" aria-hidden="true"><li><i class="ALIVE"></i>ALIVE</li><li><i class="SUSPECT"></i>SUSPECT</li><li><i class="DEAD"></i>DEAD</li>
    <li><i class="LEFT"></i>LEFT</li><li><i class="STALLED"></i>STALLED</li><li><i class="MAINTENANCE"></i>MAINTENANCE</li>
    <li><i class="incarnation"></i>new incarnation</li><li><i class="blind"></i>the server did not see, or did not keep</li></ul>`;
}

function describe(seen, spots) {
  const falls = seen.filter((each) => each.state === 'DEAD').length;
  return `Timeline: ${seen.length} stretches, ${falls} of them DEAD, now ${seen.at(-1)?.state ?? 'unknown'}; ` +
    `${spots.length} times at which the server did not see. The table of transitions says the same.`;
}
