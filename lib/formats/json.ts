/**
 * The first key that stands twice in one object of a valid JSON text, which `JSON.parse` would
 * pass over silently; `undefined` if there is none.
 *
 * @param depth - how deeply nested objects are looked into
 */
export function findDuplicateKey(text: string, depth: number): string | undefined {
  const met: Set<string>[] = [] // the keys so far of every object around the position
  let level = 0
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (character === '{') {
      if (level++ < depth) met.push(new Set())
    } else if (character === '}') {
      if (--level < depth) met.pop()
    } else if (character === '"') {
      const begin = i
      i = endOfString(text, begin)
      const keys = level <= depth && isFollowedByColon(text, i + 1) ? met.at(-1) : undefined
      if (keys === undefined) continue
      const key = String(JSON.parse(text.slice(begin, i + 1)))
      if (keys.has(key)) return key
      keys.add(key)
    }
  }
  return undefined
}

/** Position of the quote that ends the string which starts at `begin`. */
function endOfString(text: string, begin: number): number {
  let i = begin + 1
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1
  return i
}

function isFollowedByColon(text: string, from: number): boolean {
  let i = from
  while (text[i] === ' ' || text[i] === '\n' || text[i] === '\r' || text[i] === '\t') i++
  return text[i] === ':'
}
