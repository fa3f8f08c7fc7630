import test from 'ava'
import { spawnSync } from 'node:child_process'
import type { Chart } from '../lib/plot/index.js'
import { lines, panels } from '../lib/plot/index.js'
import { themes } from '../lib/plot/themes.js'
import { placedTexts, viewBoxOf } from './helpers/svg.js'

const chart: Chart = {
  title: 'Loss <of> "a" & b',
  subtitle: 'two series',
  x: { title: 'Epoch' },
  y: { title: 'Loss', scale: 'log' },
  series: [
    { name: 'training', x: [1, 2, 3, 4], y: [1, 0.1, 0.01, 0.0001] },
    { name: 'validation', x: [1, 2, 3, 4], y: [1.2, 0.3, 0.2, 0.15] },
  ],
}
const one = (y: readonly number[], log = false): Chart => ({
  ...chart,
  y: { title: 'y', scale: log ? 'log' : 'linear' },
  series: [{ name: 'only', x: y.map((_, i) => i), y }],
})
const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((m) => m[1])
/** The attributes of what one layer draws: the lines are 0, the marks 1. */
const drawn = (svg: string, layer: 0 | 1) =>
  svg
    .split(`role-mark layer_${layer}_marks`)
    .slice(1)
    .filter((part) => !/^[^>]*\/>/.test(part)) // an element without content
    .flatMap((part) => [...(part.split('</g>')[0] ?? '').matchAll(/<path ([^>]*)>/g)])
    .map(([, attributes = '']) => attributes)

test('a chart is an SVG document that shows its titles, names and round labels', async (t) => {
  const svg = await lines(chart)
  t.regex(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg".*<\/svg>$/s)
  t.true(svg.includes('class="gemmnet-plot" role="img" aria-label="Loss &lt;of&gt; &quot;a&quot;'))
  const shown = texts(svg)
  for (const text of ['two series', 'Epoch', 'Loss', 'training', 'validation', '10⁻¹', '10⁻³', '4'])
    t.true(shown.includes(text), text)
  t.true(shown.includes('Loss &lt;of&gt; "a" &amp; b'))
  t.notRegex(svg, /NaN|Infinity|undefined|<script|href=/)
})

test('an SVG is in one theme, or in both with the one of the system shown', async (t) => {
  const { background: light } = themes.light
  const { background: dark } = themes.dark
  const [first, second, both] = await Promise.all([
    lines(chart, 'light'),
    lines(chart, 'dark'),
    lines(chart),
  ])
  t.true(first.includes(light) && !first.includes(dark))
  t.true(second.includes(dark) && !second.includes(light))
  for (const colour of Object.values(themes.light).flat())
    t.false(second.includes(`"${colour}"`), colour)
  t.regex(
    both,
    /<svg class|<svg [^>]*class="gemmnet-plot"[^>]*><style>@media \(prefers-color-scheme:dark\)/,
  )
  for (const [i, colour] of themes.light.series.entries())
    t.true(both.includes(`[stroke="${colour}"]{stroke:${String(themes.dark.series[i])}}`))
})

test('series differ in colour and in dashes', async (t) => {
  const x = [0, 1]
  const series = Array.from({ length: 12 }, (_, i) => ({ name: `s${i}`, x, y: [i, i] }))
  const svg = await lines({ ...chart, y: { title: 'y' }, series }, 'light')
  const looks = drawn(svg, 0).map((attributes) => attributes.replace(/ ?\bd="[^"]*"/, ''))
  t.is(looks.length, 12)
  t.is(new Set(looks).size, 12)
})

test('values that cannot be drawn are gaps, and a point between two gaps has a mark', async (t) => {
  const pieces = async (...of: Parameters<typeof one>) =>
    (drawn(await lines(one(...of)), 0)[0] ?? '').split('M').length - 1
  t.is(await pieces([1, 2, 3, 2, 1]), 1)
  t.is(await pieces([1, 2, NaN, 2, 1]), 2)
  t.is(await pieces([1, 2, Infinity, 2, 1]), 2)
  t.is(await pieces([1, 0.1, 0, 0.1, 0.2], true), 2)
  t.is(await pieces([1, 0.1, -1, 0.1, 0.2], true), 2)
  t.is(drawn(await lines(one([1, 2, NaN, 2, 1])), 1).length, 0)
  t.is(drawn(await lines(one([1, 2, NaN, 2, NaN])), 1).length, 1)
  t.is(drawn(await lines(one([1, NaN, NaN, NaN, 1])), 1).length, 2)
  await t.notThrowsAsync(lines(one([NaN, NaN])))
})

test('a chart of one series has no legend', async (t) => {
  t.false(texts(await lines(one([1, 2]))).includes('only'))
})

test('a logarithmic axis has some labels, whether it spans much or little', async (t) => {
  for (const y of [[2, 3], [0.011, 0.9], [1e-16, 1e6], [5]]) {
    const count = texts(await lines(one(y, true))).length
    t.true(count > 5 && count < 20, `${y.join(' to ')}: ${count}`)
  }
})

test('panels shows each chart with a legend of its own', async (t) => {
  const other = { ...chart, title: 'Other', series: chart.series.slice(0, 1) }
  const shown = texts(await panels('All', [[chart, chart], [other]]))
  t.is(shown.filter((text) => text === 'validation').length, 2)
  for (const text of ['All', 'Other']) t.true(shown.includes(text), text)
})

test('series that make no sense are refused', async (t) => {
  const [first] = chart.series
  if (first === undefined) throw new Error('no series')
  const draw = (series: Chart['series']) => lines({ ...chart, series })
  await t.throwsAsync(draw([]), { instanceOf: TypeError, message: /`series`/ })
  await t.throwsAsync(draw([first, first]), {
    instanceOf: RangeError,
    message: /`series\[1\].name`/,
  })
  const short = { ...first, name: 'short', y: [1] }
  await t.throwsAsync(draw([first, short]), {
    message: '`series[1]` has 4 values of x and 1 of y',
  })
  await t.throwsAsync(lines(chart, 'blue' as 'dark'), { message: /theme.*blue/i })
})

const nasty = '<b>&amp; "q" \'x\' 😀 ]]> </text> \u0000\u0007 \ud800 é'
const long = 'a long label that goes on '.repeat(8)

test('texts of any kind and length are shown, and none makes the picture larger than a screen', async (t) => {
  for (const text of [nasty, long, 'W'.repeat(200), '']) {
    const series = [...chart.series, { name: text, x: [1], y: [1] }]
    const svg = await lines({ title: text, subtitle: text, x: { title: text }, y: { title: text }, series }) // prettier-ignore
    const [width, height] = viewBoxOf(svg)
    t.true(width < 700 && height < 700, `${width} x ${height}`)
    for (const { text, left, right } of placedTexts(svg)) t.true(left >= 0 && right <= width, text)
    t.notRegex(svg, /[^\P{Cc}\t\n]|\p{Cs}/u)
    t.notRegex(svg, /<b>|<\/text> /)
  }
})

test('a single point, equal values and the largest numbers can be drawn', async (t) => {
  for (const y of [[], [3], [2, 2, 2], [0, 0], [1e308, -1e308, 5], [1e300, -1e300], [1e300], [1e-320, 3e-320], [1e15, 1e15 + 1]]) {
    const svg = await lines(one(y))
    t.notRegex(svg, /NaN|Infinity|undefined|null/)
    t.notRegex(svg, /\d\.0{4}/) // 2.000000
    t.true(viewBoxOf(svg)[0] < 700)
  } // prettier-ignore
  t.is(drawn(await lines(one([3])), 1).length, 1)
})

test('the labels of a logarithmic axis are all decimals, or all powers', async (t) => {
  const labels = async (y: number[]) => texts(await lines(one(y, true))).filter((text) => /^\d/.test(text ?? '')) // prettier-ignore
  const [near, far] = [await labels([0.002, 0.5]), await labels([1e-6, 0.5])]
  for (const label of ['0.001', '0.01', '0.1', '1']) t.true(near.includes(label), label)
  for (const label of ['10⁻⁶', '10⁻²', '10⁻¹', '1']) t.true(far.includes(label), label)
})

test('the titles of charts side by side are level', async (t) => {
  const small = { ...chart, title: 'Small', y: { title: 'y' }, series: one([0.3, 0.93]).series }
  const large = { ...chart, title: 'Large', y: { title: 'y' }, series: one([0, 2.3]).series }
  const placed = placedTexts(await panels('Both', [[small, large, { ...chart, title: 'Log' }]]))
  const tops = placed.filter(({ text }) => /^(Small|Large|Log)$/.test(text)).map(({ top }) => top)
  t.is(tops.length, 3)
  t.is(Math.max(...tops) - Math.min(...tops), 0)
})

test('a chart that is none is refused', async (t) => {
  const [first] = chart.series
  for (const [given, message] of [
    [null, /`chart`/],
    [{ series: chart.series }, /`x.title`/],
    [{ ...chart, y: { title: 'y', scale: 'cubic' } }, /`y.scale`/],
    [{ ...chart, title: 5 }, /`title`/],
    [{ ...chart, series: [null] }, /`series\[0\].name`/],
    [{ ...chart, series: [{ name: 'a' }] }, /`series\[0\].x`/],
    [{ ...chart, series: [{ ...first, y: ['a'] }] }, /`series\[0\].y`/],
  ] as const)
    await t.throwsAsync(lines(given as unknown as Chart), { instanceOf: TypeError, message })
})

test('equal charts are equal texts, also those drawn at once, and Vega keeps its own widths', async (t) => {
  const vega = (await import('vega')) as unknown as { textMetrics: { width: unknown } }
  const { width } = vega.textMetrics
  const alone = await lines(chart)
  for (const svg of await Promise.all([lines(chart), lines(chart), lines(chart)])) t.is(svg, alone)
  t.is(vega.textMetrics.width, width)
})

test('importing gemmnet loads no plotting library', (t) => {
  const index = new URL('../lib/index.js', import.meta.url).href
  // Names each module on the way to it.
  const hook = `import { writeSync } from 'node:fs'
    export async function resolve(specifier, context, next) {
      const found = await next(specifier, context)
      writeSync(2, found.url + '\\n')
      return found
    }`
  const source = `
    import { register } from 'node:module'
    register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)})
    await import(${JSON.stringify(index)})`
  const ran = spawnSync(process.execPath, ['--input-type=module', '--eval', source])
  const modules = String(ran.stderr)
  t.is(ran.status, 0, modules)
  t.true(modules.includes('/lib/trainer.js'))
  t.notRegex(modules, /vega/)
})

// G. Machado, M. Oliveira, L. Fernandes, IEEE Transactions on Visualization and Computer Graphics
// 15 (2009): what a colour in linear RGB is to dichromats.
const visions = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [
    0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998,
  ],
  deuteranopia: [
    0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881,
  ],
  tritanopia: [
    1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039,
  ],
}
type Triple = readonly [number, number, number]

function linear(colour: string): Triple {
  const channel = (at: number) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return [channel(1), channel(3), channel(5)]
}

const luminance = ([r, g, b]: Triple) => 0.2126 * r + 0.7152 * g + 0.0722 * b

function contrast(a: string, b: string): number {
  const [dark = NaN, bright = NaN] = [a, b].map((c) => luminance(linear(c))).sort((x, y) => x - y)
  return (bright + 0.05) / (dark + 0.05)
}

/** CIELAB of the colour as one sees it. */
function lab(colour: string, vision: readonly number[]): Triple {
  const [r, g, b] = linear(colour)
  const channel = (row: number) => {
    const [x = NaN, y = NaN, z = NaN] = vision.slice(3 * row, 3 * row + 3)
    return Math.min(1, Math.max(0, x * r + y * g + z * b))
  }
  const seen: Triple = [channel(0), channel(1), channel(2)]
  const f = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116)
  const x = f((0.4124 * seen[0] + 0.3576 * seen[1] + 0.1805 * seen[2]) / 0.9505)
  const y = f(luminance(seen))
  const z = f((0.0193 * seen[0] + 0.1192 * seen[1] + 0.9505 * seen[2]) / 1.089)
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

for (const [name, { background, ink, label, axis, reference, series }] of Object.entries(themes)) {
  test(`the ${name} theme stands out from its background`, (t) => {
    for (const text of [ink, label]) t.true(contrast(text, background) >= 4.5, text)
    for (const line of [axis, ...series]) t.true(contrast(line, background) >= 3, line)
    t.true(contrast(reference, background) >= 1.9) // five times as broad as the grid, whose is 1.3
  })

  test(`the series of the ${name} theme stand out from the reference below them`, (t) => {
    const [strongest = '', ...others] = series.map((line) => contrast(line, reference))
    t.true(Number(strongest) >= 2, String(strongest))
    for (const other of others) t.true(other >= 1.5, String(other))
  })

  for (const [vision, matrix] of Object.entries(visions))
    test(`any two series of the ${name} theme differ with ${vision} vision`, (t) => {
      for (const [i, a] of series.entries())
        for (const b of series.slice(i + 1)) {
          const [first, second] = [lab(a, matrix), lab(b, matrix)]
          const difference = Math.hypot(...first.map((value, k) => value - (second[k] ?? NaN)))
          t.true(difference > 20, `${a} and ${b}: ${difference}`)
        }
    })
}
