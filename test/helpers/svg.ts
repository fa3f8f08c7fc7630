import { textWidth } from '../../lib/plot/text_width.js'

/** A text of an SVG, and the box it takes, in the picture's coordinates. */
export interface PlacedText {
  readonly text: string
  readonly fill: string
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

const ascent = 0.8
const descent = 0.2

const unescape = (text: string) =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')

/** Every text of a picture; `translate` and `rotate` are what Vega places them with. */
export function placedTexts(svg: string): PlacedText[] {
  const origins: { readonly x: number; readonly y: number }[] = [{ x: 0, y: 0 }]
  const found: PlacedText[] = []
  // The lines of a text are tspans, each `dy` below the one before: here texts of their own.
  const flat = svg.replace(
    /(<text [^>]*>)((?:<tspan[^>]*>[^<]*<\/tspan>)+)<\/text>/g,
    (_, head: string, lines: string) => {
      let down = 0
      return lines.replace(
        /<tspan([^>]*)>([^<]*)<\/tspan>/g,
        (_, attributes: string, line: string) => {
          down += Number(/dy="([^"]*)"/.exec(attributes)?.[1] ?? 0)
          const lower = head.replace(
            /translate\(([^,)]*),([^)]*)\)/,
            (_, x: string, y: string) => `translate(${x},${Number(y) + down})`,
          )
          return `${lower}${line}</text>`
        },
      )
    },
  )
  for (const [, close, name, attributes = '', selfClosed, text = ''] of flat.matchAll(
    /<(\/)?(g|text)\b([^>]*?)(\/)?>([^<]*)/g,
  )) {
    if (close !== undefined) {
      if (name === 'g') origins.pop()
      continue
    }
    const { x, y } = origins.at(-1) ?? { x: 0, y: 0 }
    const [, dx = 0, dy = 0] = (/translate\(([^,)]*),([^)]*)\)/.exec(attributes) ?? []).map(Number)
    const here = { x: x + dx, y: y + dy }
    if (name === 'g') {
      if (selfClosed === undefined) origins.push(here)
      continue
    }
    const size = Number(/font-size="([\d.]+)px"/.exec(attributes)?.[1])
    const angle = (Number(/rotate\(([^)]*)\)/.exec(attributes)?.[1] ?? 0) * Math.PI) / 180
    const fontWeight = /font-weight="(\w+)"/.exec(attributes)?.[1] ?? 'normal'
    const width = textWidth(unescape(text), { fontSize: size, fontWeight })
    const anchor = /text-anchor="(\w+)"/.exec(attributes)?.[1]
    const begin = anchor === 'middle' ? -width / 2 : anchor === 'end' ? -width : 0
    const corners = [begin, begin + width].flatMap((along) =>
      [-ascent * size, descent * size].map((across) => ({
        x: here.x + along * Math.cos(angle) - across * Math.sin(angle),
        y: here.y + along * Math.sin(angle) + across * Math.cos(angle),
      })),
    )
    if (text !== '')
      found.push({
        text,
        fill: /fill="([^"]*)"/.exec(attributes)?.[1] ?? '',
        left: Math.min(...corners.map((corner) => corner.x)),
        right: Math.max(...corners.map((corner) => corner.x)),
        top: Math.min(...corners.map((corner) => corner.y)),
        bottom: Math.max(...corners.map((corner) => corner.y)),
      })
  }
  return found
}

/** The width and height of a picture's view box. */
export function viewBoxOf(svg: string): readonly [width: number, height: number] {
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg) ?? []
  return [Number(width), Number(height)]
}

/** Attributes of the elements of one kind. */
export function elements(svg: string, name: string): string[] {
  return [...svg.matchAll(new RegExp(`<${name}\\b([^>]*)>`, 'g'))].map(([, found = '']) => found)
}
