import { typeError } from '../errors.js'
import type { TextStyle } from './text_width.js'
import { textWidth } from './text_width.js'

/** Of titles and the lines below them. */
export const titleStyle = { fontSize: 15, fontWeight: 600 } as const
export const subtitleStyle = { fontSize: 12 } as const
const narrowest = 420 // pixels, of a line: small pictures have room beside them

/** A picture's title and subtitle in lines, none much longer than the picture is wide, in pixels. */
export function toTitle(title: string, subtitle: string | undefined, width: number) {
  if (typeof title !== 'string') throw typeError('title', 'a text', title)
  if (subtitle !== undefined && typeof subtitle !== 'string')
    throw typeError('subtitle', 'a text', subtitle)
  const most = Math.max(width, narrowest)
  return {
    text: wrapped(title, most, titleStyle),
    ...(subtitle !== undefined && { subtitle: wrapped(subtitle, most, subtitleStyle) }),
  }
}

/** The lines of a text, broken between words; a word with no room is cut. */
function wrapped(text: string, width: number, style: TextStyle): string[] {
  return text.split(' ').reduce<string[]>((lines, word) => {
    const cut = shorten(word, width, style)
    const last = lines.at(-1)
    if (last === undefined) return [cut]
    const longer = `${last} ${cut}`
    return textWidth(longer, style) > width ? [...lines, cut] : [...lines.slice(0, -1), longer]
  }, [])
}

function shorten(word: string, width: number, style: TextStyle): string {
  if (textWidth(word, style) <= width) return word
  let kept = ''
  for (const character of word) {
    if (textWidth(`${kept}${character}…`, style) > width) break
    kept += character
  }
  return `${kept}…`
}
