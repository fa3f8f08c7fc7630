import { extentOf } from './extent.js'
import { textWidth } from './text_width.js'

/** A number in few characters: 0.01 to 9999 as they are, others as 2e-3; at most four digits. */
export function shortNumber(value: number): string {
  const rounded = Number(value.toPrecision(4))
  const size = Math.abs(rounded)
  if (!Number.isFinite(rounded) || rounded === 0 || (size >= 0.01 && size < 1e4))
    return String(rounded)
  return rounded.toExponential().replace('+', '')
}

/** A share as percent: `97.61 %`. */
export function percent(share: number, decimals = 2): string {
  return `${(100 * share).toFixed(decimals)} %`
}

/** `learningRate` as `learning rate`. */
export function wordsOf(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

/** Of labels of axes and legends. */
export const labelStyle = { fontSize: 12 } as const

/** An axis's labels as an expression of Vega's: those of a table, by the value. */
export function labelsByValue(
  table: readonly unknown[] | Readonly<Record<string, unknown>>,
): string {
  // In Vega's expressions these two end a line, within texts too.
  const escaped = JSON.stringify(table).replace(/[\u2028\u2029]/g, (end) =>
    end === '\u2028' ? '\\u2028' : '\\u2029',
  )
  return `(${escaped})[datum.value]`
}

/** How an axis has its labels, in places of so many pixels: askew where one has no room. */
export function turnedIn(labels: readonly string[], width: number) {
  const hasRoom = labels.every((label) => textWidth(label, labelStyle) <= width)
  return hasRoom ? { labelAngle: 0 } : { labelAngle: -45, labelAlign: 'right' as const }
}

/** Whether numbers are positive and of several orders of magnitude: what a logarithmic scale is for. */
export function isWide(values: readonly number[]): boolean {
  const [least, most] = extentOf(values)
  return least > 0 && most / least >= 100
}
