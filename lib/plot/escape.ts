const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A text without what XML has no place for, such as control characters: U+FFFD in their place. */
export function printable(text: string): string {
  return text.replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
}

/** A text as it stands in XML and HTML, between tags and in attributes. */
export function escape(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => entities[character] ?? character)
}
