// Evidence layer by layer, in the words of `livenessctl get`. Each line is {name, text, bad}.
import { age, exact, moment, nanos, distance, millis, rounded } from './span.js';
import { CAUSE_SENTENCES, causeWord, healthWord, stateWord, streamEndWord } from './enums.js';

const CONFIDENCES = {
  CONFIDENCE_LOW: 'low (a guess: other causes would fit, too)',
  CONFIDENCE_MEDIUM: 'medium (likely)',
  CONFIDENCE_HIGH: 'high',
};
const ABSENCES = {
  TCP_ABSENCE_PROXY: "left out: behind a proxy, the connection is the proxy's",
  TCP_ABSENCE_CLOSED: 'no figures: the kernel no longer knows the connection',
  TCP_ABSENCE_UNSUPPORTED: 'no figures: the kernel cannot be asked here',
};
// Figures that are younger than this are as good as those of the moment itself.
const FRESH = 100e6;

const span = (text) => rounded(nanos(text));

function tcpText(tcp) {
  if (tcp.absence && tcp.absence !== 'TCP_ABSENCE_UNSPECIFIED') return ABSENCES[tcp.absence] ?? tcp.absence;
  let text = `last ack ${span(tcp.last_ack_age)} ago, ${tcp.unacked} unacked, ${tcp.retransmits} retransmits, ` +
    `backoff ${tcp.backoff}, ${tcp.probes} probes, rtt ${span(tcp.rtt)}`;
  if (Number(tcp.unread_bytes)) text += `, ${tcp.unread_bytes} bytes not read by the server`;
  if (nanos(tcp.age) >= FRESH) text += ` (taken ${span(tcp.age)} before)`;
  return tcp.maybe_proxied ? `${text}; perhaps a proxy's` : text;
}

function transportText(transport) {
  const answer = transport.last_pong_age ? `last answer ${span(transport.last_pong_age)} ago` : 'no answer yet';
  return transport.probe_age ? `${answer}, a probe waits for ${span(transport.probe_age)}` : answer;
}

function goodbyeText(goodbye) {
  let text = goodbye.reason ? `"${goodbye.reason}"` : '(no words)';
  if (goodbye.exit_code !== undefined) text += `, exit code ${goodbye.exit_code}`;
  if (goodbye.signal !== undefined) text += `, signal ${goodbye.signal}`;
  return text;
}

export const isStale = (progress) => nanos(progress.age) > nanos(progress.deadline);

export const progressLines = (progress) => (progress ?? []).map((each) => ({
  name: each.name,
  text: `${span(each.age)} old, ${span(each.deadline)} allowed${isStale(each) ? ', STALE' : ''}`,
  bad: isStale(each),
}));

// The layers from the application down to the cable, those of which there is something to tell.
export function evidenceLines(evidence, now, zone) {
  const lines = [];
  const add = (name, text, bad = false) => lines.push({ name, text, bad });
  if (CONFIDENCES[evidence.confidence]) add('Confidence', CONFIDENCES[evidence.confidence]);
  const gathered = millis(evidence.gather_time);
  if (gathered) add('Gathered', `${moment(gathered, zone)} (${distance(gathered, now)})`);
  if (evidence.goodbye) add('Goodbye', goodbyeText(evidence.goodbye));
  const end = streamEndWord(evidence.stream?.end);
  if (end) {
    add('Stream end', evidence.stream.ended_ago ? `${end}, ${span(evidence.stream.ended_ago)} before` : end);
  }
  if (evidence.heartbeat) {
    add('Silence', span(evidence.heartbeat.silence) || '0s');
    add('Last ping', `#${evidence.heartbeat.last_sequence}, ${evidence.heartbeat.missed} missed`);
    if (evidence.heartbeat.credited) {
      add('Credited', `${span(evidence.heartbeat.credited)}, in which the server could not receive`);
    }
  }
  if (evidence.tcp) add('Kernel TCP', tcpText(evidence.tcp));
  if (evidence.transport) add('Transport', transportText(evidence.transport));
  if (evidence.host) add('Same host', `${evidence.host.heard_count} heard, ${evidence.host.silent_count} silent`);
  for (const each of progressLines(evidence.progress)) add(`Progress ${each.name}`, each.text, each.bad);
  return lines;
}

// What is known of a client in one sentence: the server's verdict, or what it would say of one that is well.
export function verdictSentence(client, now) {
  const state = stateWord(client.state);
  const cause = causeWord(client.cause);
  if (client.evidence?.summary) return client.evidence.summary;
  if (cause) return `${state}, ${cause}: ${CAUSE_SENTENCES[cause] ?? 'the evidence at hand does not tell'}.`;
  const since = millis(client.state_time);
  const heard = millis(client.last_heartbeat_time);
  let text = `${state}${since ? ` for ${age((now - since) * 1e6)}` : ''}`;
  if (healthWord(client.health) && healthWord(client.health) !== 'OK') text += `, ${healthWord(client.health)}`;
  if (heard) text += `: last heard ${distance(heard, now)}`;
  const deadline = millis(client.deadline_time);
  if (state === 'ALIVE' && deadline) text += `, overdue ${distance(deadline, now)} if nothing is heard`;
  return `${text}.`;
}

export function keepaliveLines(keepalive) {
  const at = (text) => exact(nanos(text)) || '0s';
  return [
    { name: 'TCP keepalive', text: keepalive.tcp_enabled
      ? `idle ${at(keepalive.tcp_idle)}, interval ${at(keepalive.tcp_interval)}, count ${keepalive.tcp_count}, ` +
        `user timeout ${at(keepalive.tcp_user_timeout)}` : 'off' },
    { name: 'HTTP/2 ping', text: `time ${at(keepalive.http2_time)}, timeout ${at(keepalive.http2_timeout)}` },
  ];
}
