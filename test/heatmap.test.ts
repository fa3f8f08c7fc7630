import test from 'ava'
import type { Heatmap } from '../lib/plot/index.js'
import { heatmap } from '../lib/plot/index.js'
import { placedTexts, viewBoxOf } from './helpers/svg.js'

const chart: Heatmap = {
  title: 'Accuracy',
  subtitle: 'of the test set',
  x: { title: 'learning rate', values: [1e-5, 0.001, 0.1, 10] },
  y: { title: 'activation', values: ['tanh', 'relu'] },
  values: [
    [0, 0.25, 0.5, 1],
    [0.125, 0.375, 0.75, NaN],
  ],
}
/** Texts, and their colours. */
const texts = (svg: string) =>
  [...svg.matchAll(/<text([^>]*)>([^<]*)<\/text>/g)].map(([, attributes = '', text = '']) => ({
    text,
    fill: /fill="([^"]*)"/.exec(attributes)?.[1] ?? '',
  }))
/** Colours of the cells, from the top left. */
const cells = (svg: string) =>
  [...(svg.split('role-mark layer_0_marks')[1]?.split('</g>')[0] ?? '').matchAll(/fill="([^"]*)"/g)].map(([, fill]) => fill ?? '') // prettier-ignore

test('a heatmap shows titles, labels and the number of each cell', async (t) => {
  const svg = await heatmap(chart)
  const shown = texts(svg).map(({ text }) => text)
  for (const text of [
    'Accuracy',
    'of the test set',
    'learning rate',
    'activation',
    '1e-5',
    '1e-3',
    '0.1',
    '10',
    'tanh',
    'relu',
    '0.250',
    '0.375',
    '0.000',
    '1.00',
    '×',
  ])
    // prettier-ignore
    t.true(shown.includes(text), text)
  t.is(cells(svg).length, 8)
  t.notRegex(svg, /NaN|Infinity|undefined|null|<script|href=/)
  t.regex(svg, /aria-label="Accuracy"/)
})

function luminance(colour: string): number {
  const hex = /^#(..)(..)(..)$/
    .exec(colour)
    ?.slice(1)
    .map((digits) => parseInt(digits, 16))
  const [r = NaN, g = NaN, b = NaN] = (hex ?? colour.match(/\d+/g) ?? []).map((channel) => {
    const value = Number(channel) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

test('every number can be read on its cell, in both themes', async (t) => {
  const steps = Array.from({ length: 50 }, (_, i) => i / 49)
  const [across, up] = [steps.slice(0, 10), steps.slice(0, 5)]
  const many = { ...chart, x: { title: 'x', values: across }, y: { title: 'y', values: up } }
  const values = up.map((_, row) => steps.slice(10 * row, 10 * row + 10))
  for (const theme of ['light', 'dark'] as const) {
    const svg = await heatmap({ ...many, values }, theme)
    const fills = cells(svg)
    const inks = texts(svg.split('role-mark layer_1_marks')[1]?.split('</g>')[0] ?? '')
    t.is(fills.length, 50)
    t.is(inks.length, 50)
    for (const [i, fill] of fills.entries()) {
      const [dark = NaN, bright = NaN] = [luminance(fill), luminance(inks[i]?.fill ?? '')].sort((a, b) => a - b) // prettier-ignore
      t.true((bright + 0.05) / (dark + 0.05) >= 4.5, `${fill}: ${inks[i]?.fill ?? ''}`)
    }
  }
})

test('cells have the colours of their values, brighter the larger', async (t) => {
  const svg = await heatmap({ ...chart, values: [[1, 2, 3, 4], [5, 6, 7, 8]] }) // prettier-ignore
  const bright = cells(svg).map(luminance)
  t.deepEqual([...bright].sort((a, b) => a - b), bright) // prettier-ignore
  t.deepEqual(cells(await heatmap({ ...chart, values: [[1, 2, 3, 4], [5, 6, 7, 8]] }, 'dark')), cells(svg)) // prettier-ignore
})

test('a logarithmic scale has steps of factors, and no place for what is not positive', async (t) => {
  const wide = {
    ...chart,
    scale: 'log',
    values: [
      [1, 10, 100, 1000],
      [3, 1e8, 0, -5],
    ],
  } as const
  const logs = {
    ...chart,
    values: [
      [0, 1, 2, 3],
      [Math.log10(3), 8, NaN, NaN],
    ],
  }
  const [channels, others] = [await heatmap(wide), await heatmap(logs)].map((svg) =>
    cells(svg).flatMap((fill) => (fill.match(/\d+/g) ?? []).map(Number)),
  )
  t.is(channels?.length, others?.length)
  channels?.forEach((channel, i) => {
    t.true(Math.abs(channel - (others?.[i] ?? NaN)) <= 2) // both are rounded on their way
  })
  const shown = texts(await heatmap(wide)).map(({ text }) => text)
  for (const text of ['1.00', '1.0e8', '0.000', '-5.00']) t.true(shown.includes(text), text)
})

test('equal values, or none, can be drawn too', async (t) => {
  const one = { ...chart, x: { title: 'x', values: [1] }, y: { title: 'y', values: [1] } }
  for (const value of [0.5, 0, -2, NaN, Infinity])
    await t.notThrowsAsync(heatmap({ ...one, values: [[value]] }))
})

test('values beyond what a scale can hold are crossed, as those that are not finite', async (t) => {
  const crosses = async (...row: number[]) =>
    texts(await heatmap({ ...chart, values: [row, [1, 2, 3, 4]] })).filter(({ text }) => text === '×').length // prettier-ignore
  t.is(await crosses(1, 1e300, -1e300, 2), 0)
  t.is(await crosses(1, 1.7e308, -1.7e308, NaN), 3)
})

test('a heatmap of another shape than its axes is refused', async (t) => {
  await t.throwsAsync(heatmap({ ...chart, values: [[1, 2, 3, 4]] }), {
    message: '`values` has 1 rows, `y` has 2 values',
  })
  await t.throwsAsync(heatmap({ ...chart, values: [[1], [2]] }), {
    instanceOf: TypeError,
    message: /`values\[0\]`/,
  })
  await t.throwsAsync(heatmap({ ...chart, x: { title: 'x', values: [] } }), {
    message: /`x.values`/,
  })
  for (const [wrong, message] of [
    [null, 'Expected `heatmap options` to be an object, got `null`'],
    [{ ...chart, x: undefined }, 'Expected `x options` to be an object, got `undefined`'],
    [{ ...chart, title: null }, 'Expected `title` to be a text, got `null`'],
    [{ ...chart, y: { title: 'y', values: [null] } }, 'Expected `y.values[0]` to be a text or a number, got `null`'], // prettier-ignore
    [{ ...chart, values: [[null, 1, 2, 3], []] }, 'Expected `values[0][0]` to be a number, got `null`'], // prettier-ignore
    [{ ...chart, scale: 'cubic' }, "Expected `scale` to be 'linear' or 'log', got `'cubic'`"],
    [{ ...chart, scal: 'log' }, 'Unknown option `scal` for `heatmap`; did you mean `scale`?'],
  ] as [Heatmap, string][])
    await t.throwsAsync(heatmap(wrong), { message })
  await t.throwsAsync(heatmap(chart, 'blue' as 'dark'), { message: /theme.*blue/i })
})

test('names of columns that have no room are askew, and none is left out', async (t) => {
  const names = ['leakyRelu', 'hardSigmoid', 'softplus activation', 'x']
  const svg = await heatmap({ ...chart, x: { title: 'x', values: names } })
  const shown = placedTexts(svg).map(({ text }) => text)
  for (const name of names) t.true(shown.includes(name), name)
  t.is(svg.match(/rotate\((?:-45|315)\)/g)?.length, 4)
})

test('a heatmap of many cells is small, and without numbers', async (t) => {
  const many = Array.from({ length: 60 }, (_, i) => i)
  const axis = { title: 'step', values: many }
  const svg = await heatmap({ title: 'Many', x: axis, y: axis, values: many.map((i) => many.map((j) => i * j)) }) // prettier-ignore
  t.is(cells(svg).length, 3600)
  t.true(viewBoxOf(svg)[0] < 900 && placedTexts(svg).length < 140)
})

test('what is no number, or no heatmap, is refused', async (t) => {
  const wrong = [[1, 2, 3, 4], [1, 'a', 3, 4]] as unknown as number[][] // prettier-ignore
  await t.throwsAsync(heatmap({ ...chart, values: wrong }), { message: /`values\[1\]\[1\]`/ })
  await t.throwsAsync(heatmap({ ...chart, scale: 'cubic' as 'log' }), { message: /`scale`/ })
  await t.throwsAsync(heatmap(null as unknown as Heatmap), { message: /object, got `null`/ })
  await t.throwsAsync(heatmap({ ...chart, title: 5 as unknown as string }), { message: /`title`/ })
})
