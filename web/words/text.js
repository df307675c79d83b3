// Text from strangers, made fit for a page: the same characters are shown by their numbers as on the command
// line. Lit writes all of it as text, never as HTML.

// Unicode's control and format characters, and those that are ignored where a font has no picture of them.
const HIDDEN = new RegExp(
  '[\\u0000-\\u001F\\u007F-\\u009F\\u00AD\\u034F\\u0600-\\u0605\\u061C\\u06DD\\u070F\\u115F\\u1160\\u17B4\\u17B5' +
  '\\u180B-\\u180F\\u200B-\\u200F\\u2028-\\u202E\\u2060-\\u206F\\u2800\\u3164\\uFE00-\\uFE0F\\uFEFF\\uFFA0' +
  '\\uFFF0-\\uFFFB\\u{1BCA0}-\\u{1BCA3}\\u{1D173}-\\u{1D17A}\\u{E0000}-\\u{E0FFF}]', 'gu');
const FOREIGN_SPACES = /[\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]/gu;
// Blocks with letters that look like ASCII's.
const LIKE_LATIN = new RegExp(
  '[\\u0300-\\u036F\\u0370-\\u03FF\\u0400-\\u058F\\u13A0-\\u13FF\\u1C80-\\u1C8F\\u1F00-\\u1FFF\\u2100-\\u214F' +
  '\\uA640-\\uA69F\\uAB70-\\uABBF\\uFF01-\\uFF5E\\u{1D400}-\\u{1D7FF}]', 'u');

const escaped = (c) => {
  const code = c.codePointAt(0).toString(16);
  return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u{${code.padStart(4, '0')}}`;
};

// `text` without anything that could turn the writing direction or be there unseen.
export const printable = (text) => String(text ?? '').replace(HIDDEN, escaped);

// A name or id, such that no two are shown alike by what is hidden in them.
export const nameText = (name) =>
  String(name ?? '').replaceAll('\\', '\\\\').replace(HIDDEN, escaped).replace(FOREIGN_SPACES, escaped);

// nameText() for where one name is at stake: "wеb-1" (in ASCII: w\u{0435}b-1).
export function distinctName(name) {
  const shown = nameText(name);
  const ascii = String(name ?? '').replaceAll('\\', '\\\\').replace(/[^ -~]/gu, escaped);
  if (shown !== ascii) return `"${shown}" (in ASCII: ${ascii})`;
  return name && !name.includes(' ') ? shown : `"${shown}"`;
}

// A name among others, beside which the one that it imitates may stand.
export const listedName = (name) =>
  /[A-Za-z]/.test(name) && LIKE_LATIN.test(name) ? distinctName(name) : nameText(name);

// As a string of a filter.
export const filterString = (value) => `"${String(value).replace(/["\\]/g, '\\$&')}"`;

// As one word of a shell's command.
export const shellWord = (text) =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${String(text).replaceAll("'", "'\\''")}'`;

export const count = (n, one) => `${Number(n).toLocaleString('en')} ${one}${Number(n) === 1 ? '' : 's'}`;
export const number = (n) => Number(n ?? 0).toLocaleString('en');
