/** What Vega tells of a text: `fontSize` in pixels, default 11. */
export interface TextStyle {
  readonly fontSize?: number
  readonly fontWeight?: string | number
}

// Of DejaVu Sans, from ' ' to '~', in hundredths of the font size: of the fonts that readers may
// have it is the widest, so that what has room in it has room in all.
// prettier-ignore
const advances = [
  32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32, 34,
  64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 54,
  100, 69, 69, 70, 78, 64, 58, 78, 76, 30, 30, 66, 56, 87, 75, 79, 61, 79, 70, 64, 62, 74, 69, 99,
  69, 62, 69, 40, 34, 40, 84, 50,
  50, 62, 64, 55, 64, 62, 36, 64, 64, 28, 28, 58, 28, 98, 64, 62, 64, 64, 42, 53, 40, 64, 60, 82,
  60, 60, 53, 64, 34, 64, 84,
] as const
const firstCharacter = 0x20
const lastAlphabet = 0x52f // Cyrillic's
const letter = 80 // of the other letters of alphabets, in hundredths as well
const widest = 125 // of what is left, such as emoji
const boldness = 1.15 // how much wider bold letters are

/** Width of a text in the widest of the usual fonts without serifs, in the unit of `fontSize`. */
export function textWidth(text: string, { fontSize = 11, fontWeight }: TextStyle = {}): number {
  const hundredths = Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0
    return advances[code - firstCharacter] ?? (code <= lastAlphabet ? letter : widest)
  }).reduce((sum, advance) => sum + advance, 0)
  const factor = fontWeight === 'bold' || Number(fontWeight) >= 600 ? boldness : 1
  return (factor * hundredths * fontSize) / 100
}
