/** A function on [0, 1] or on the unit square, which a network is to approximate. */
export interface TargetFunction {
  /** 1 on [0, 1], 2 on the unit square. */
  readonly inputs: 1 | 2
  /** Its formula, for readers. */
  readonly formula: string
  /** @param x - a point, of `inputs` numbers */
  readonly evaluate: (x: readonly number[]) => number
  /** Where it jumps: the point, and its limits from both sides. */
  readonly jump?: { readonly at: readonly number[]; readonly limits: readonly [number, number] }
}

const jumpAt = 0.6
const slope = (x: number) => 0.5 * Math.sin(2 * Math.PI * x)
const bell = (x: number, centre: number, width: number) => Math.exp(-(((x - centre) / width) ** 2))

/** What the approximation experiment approximates. */
export const targetFunctions = {
  /** Two frequencies. */
  sine: {
    inputs: 1,
    formula: 'sin 2πx + ½ sin 6πx',
    evaluate: ([x = NaN]) => Math.sin(2 * Math.PI * x) + 0.5 * Math.sin(6 * Math.PI * x),
  },
  /** Three bell curves of different heights and widths. */
  bumps: {
    inputs: 1,
    formula: 'three bell curves',
    evaluate: ([x = NaN]) =>
      bell(x, 0.25, 0.12) + 0.7 * bell(x, 0.55, 0.06) + 0.5 * bell(x, 0.8, 0.09),
  },
  /**
   * Franke's function, two hills and a hollow: R. Franke, A critical comparison of some methods for
   * interpolation of scattered data, Naval Postgraduate School, 1979.
   */
  surface: {
    inputs: 2,
    formula: "Franke's function",
    evaluate: ([u = NaN, v = NaN]) => {
      const [x, y] = [9 * u, 9 * v]
      return (
        0.75 * Math.exp(-((x - 2) ** 2 + (y - 2) ** 2) / 4) +
        0.75 * Math.exp(-((x + 1) ** 2) / 49 - (y + 1) / 10) +
        0.5 * Math.exp(-((x - 7) ** 2 + (y - 3) ** 2) / 4) -
        0.2 * Math.exp(-((x - 4) ** 2) - (y - 7) ** 2)
      )
    },
  },
  /** A smooth curve that jumps by 1. */
  step: {
    inputs: 1,
    formula: '½ sin 2πx, and 1 more from x = 0.6 on',
    evaluate: ([x = NaN]) => slope(x) + (x < jumpAt ? 0 : 1),
    jump: { at: [jumpAt], limits: [slope(jumpAt), slope(jumpAt) + 1] },
  },
} as const satisfies Record<string, TargetFunction>

/** The name of a function that the approximation experiment approximates. */
export type TargetFunctionName = keyof typeof targetFunctions
