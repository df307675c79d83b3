// Spans and moments in words, as the command line writes them. A span is in nanoseconds as a Number, for
// people only; a moment is milliseconds since 1970.
const US = 1e3, MS = 1e6, S = 1e9, MIN = 60 * S, H = 60 * MIN, D = 24 * H, Y = 365 * D;

// "1.5s" of protobuf JSON in nanoseconds; NaN if there is none.
export const nanos = (text) => (text ? Math.round(parseFloat(text) * S) : NaN);
// An RFC 3339 time in milliseconds; NaN if there is none.
export const millis = (text) => (text ? Date.parse(text) : NaN);

const tenths = (value, unit, name) => `${Math.round(value / (unit / 10)) / 10}${name}`;
const pair = (value, big, bigName, small, smallName) => {
  const rest = Math.floor((value % big) / small);
  return `${Math.floor(value / big)}${bigName}${rest ? `${rest}${smallName}` : ''}`;
};

// Rounded: 12us, 3.4ms, 812ms, 5.1s, 3m12s.
export function rounded(span) {
  if (!Number.isFinite(span)) return '';
  const sign = span < 0 ? '-' : '';
  const v = Math.abs(span);
  if (v === 0) return '0s';
  if (v < US) return `${sign}${v}ns`;
  if (v < MS - US / 2) return `${sign}${Math.round(v / US)}us`;
  if (v < 10 * MS) return sign + tenths(v, MS, 'ms');
  if (v < S - MS / 2) return `${sign}${Math.round(v / MS)}ms`;
  if (v < MIN - S / 20) return sign + tenths(v, S, 's');
  if (v < H - S / 2) return sign + pair(v + S / 2, MIN, 'm', S, 's');
  if (v < D - MIN / 2) return sign + pair(v + MIN / 2, H, 'h', MIN, 'm');
  return sign + pair(v + H / 2, D, 'd', H, 'h');
}

// Whole: what was set is shown as it was set.
export function exact(span) {
  if (!Number.isFinite(span)) return '';
  let rest = Math.abs(span);
  if (rest === 0) return '0s';
  let text = span < 0 ? '-' : '';
  for (const [name, size] of [['h', H], ['m', MIN], ['s', S], ['ms', MS], ['us', US], ['ns', 1]]) {
    if (rest < size) continue;
    if (size <= S) return `${text}${rest / size}${name}`;
    text += `${Math.floor(rest / size)}${name}`;
    rest %= size;
    if (rest === 0) break;
  }
  return text;
}

// How long ago: coarse once it is long.
export function age(span) {
  if (!(span >= MS)) return '0s';
  if (span < S) return `${Math.floor(span / MS)}ms`;
  if (span < 10 * S) return `${Math.floor(span / (100 * MS)) / 10}s`;
  if (span < 2 * MIN) return `${Math.floor(span / S)}s`;
  if (span < 10 * MIN) return pair(span, MIN, 'm', S, 's');
  if (span < 3 * H) return `${Math.floor(span / MIN)}m`;
  if (span < 8 * H) return pair(span, H, 'h', MIN, 'm');
  if (span < 2 * D) return `${Math.floor(span / H)}h`;
  if (span < 8 * D) return pair(span, D, 'd', H, 'h');
  if (span < 2 * Y) return `${Math.floor(span / D)}d`;
  return pair(span, Y, 'y', D, 'd');
}

const two = (n, width = 2) => String(n).padStart(width, '0');

// 2026-01-31T12:00:05.871Z, or in the browser's zone with its offset.
export function moment(ms, zone) {
  if (!Number.isFinite(ms)) return '';
  const date = new Date(ms);
  if (zone !== 'local') return date.toISOString();
  const offset = -date.getTimezoneOffset();
  const zoned = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:` +
    `${two(date.getMinutes())}:${two(date.getSeconds())}.${two(date.getMilliseconds(), 3)}${zoned}`;
}

// The time of day of moment().
export const timeOfDay = (ms, zone) => moment(ms, zone).slice(11, 19);

// `12s ago`, `in 3s`.
export const distance = (ms, now) =>
  Number.isFinite(ms) ? (ms > now ? `in ${age((ms - now) * MS)}` : `${age((now - ms) * MS)} ago`) : '';

// As the reader chose: relative or absolute, the other one as the title.
export function when(ms, now, { times, zone }) {
  if (!Number.isFinite(ms)) return { text: '', title: '' };
  const absolute = moment(ms, zone);
  return times === 'abs' ? { text: absolute.replace('T', ' '), title: distance(ms, now) }
    : { text: distance(ms, now), title: absolute };
}

export function size(bytes) {
  let value = Number(bytes);
  let unit = 'B';
  for (const larger of ['KiB', 'MiB', 'GiB', 'TiB']) {
    if (value < 999.5) break;
    value /= 1024;
    unit = larger;
  }
  return `${value < 9.95 ? value.toFixed(1).replace('.0', '') : value.toFixed(0)} ${unit}`;
}
