// Over 400 lines: every kind of picture, each with what it refuses.
import type { ExecutionContext } from 'ava'
import test from 'ava'
import { inflateSync } from 'node:zlib'
import {
  adam,
  Dataset,
  dense,
  diagnose,
  loadDigits,
  Model,
  moons,
  Network,
  Pipeline,
  plot,
  Table,
  Trainer,
} from '../lib/index.js'
import { greyPNG } from '../lib/plot/png.js'
import { themes } from '../lib/plot/themes.js'
import { elements, placedTexts, viewBoxOf } from './helpers/svg.js'

/** What holds for every picture. */
function checkPicture(t: ExecutionContext, svg: string): string[] {
  t.regex(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg".*<\/svg>$/s)
  t.notRegex(svg.replace(/href="data:[^"]*"/g, ''), /NaN|Infinity|undefined|null|<script|href=/)
  const [width, height] = viewBoxOf(svg)
  const texts = placedTexts(svg)
  t.true(texts.length > 0)
  for (const { text, left, right, top, bottom } of texts)
    t.true(left >= 0 && right <= width && top >= 0 && bottom <= height, `${text} is cut off`)
  return texts.map(({ text }) => text)
}

/** The attributes of the marks in front of which a layer has this name. */
const layer = (svg: string, name: string) =>
  svg
    .split(`role-mark ${name}`)
    .slice(1)
    .map((part) => part.split('</g>')[0] ?? '')
    .join('')

const epochs = Array.from({ length: 6 }, (_, i) => {
  const scores = (factor: number) => ({
    loss: factor / 4 ** i,
    dataLoss: 1,
    penalty: 0,
    accuracy: i / 6,
  })
  return {
    ...scores(1),
    epoch: i + 1,
    phase: 0,
    confusionMatrix: [[1, 0], [0, 1]], // prettier-ignore
    learningRate: 0.1,
    evaluations: 0,
    seconds: 1,
    rowsPerSecond: 10,
    train: undefined,
    validation: { dev: scores(2), test: scores(3) },
  }
})

test('a history has a chart for the loss and each metric, a line for each set', async (t) => {
  const shown = checkPicture(t, await plot.history({ epochs }))
  for (const name of ['dev', 'test', 'training', 'epoch'])
    t.is(shown.filter((text) => text === name).length, 2, name)
  t.deepEqual(
    shown.filter((text) => /^(loss|accuracy|confusion|seconds|phase)/.test(text)).sort(),
    ['accuracy', 'accuracy', 'loss', 'loss'],
  )
  t.true(shown.includes('10⁻³') || shown.includes('0.01')) // a loss over three orders of magnitude
  t.true(shown.includes('training: running means'))
})

test('a history of exact training scores says nothing of running means', async (t) => {
  const exact = epochs.map((epoch) => ({ ...epoch, train: { loss: 1, accuracy: 1 }, validation: epoch.validation.dev })) // prettier-ignore
  const shown = checkPicture(t, await plot.history(exact, { scores: ['loss'], scale: 'linear' }))
  t.false(shown.includes('training: running means'))
  t.true(shown.includes('validation') && !shown.includes('accuracy'))
})

test('the history of a real fit can be drawn, also of one epoch and no validation', async (t) => {
  const data = moons({ rows: 40, seed: 1 })
  const network = new Network({ inputs: 2, layers: [dense(1, 'sigmoid')], seed: 1 })
  const trainer = new Trainer(network, {
    loss: 'binaryCrossentropy',
    optimizer: 'adam',
    metrics: ['rocAuc'],
  })
  const shown = checkPicture(t, await plot.history(await trainer.fit(data, { epochs: 1 })))
  t.true(shown.includes('roc auc'))
})

test('a history that cannot be drawn is refused', async (t) => {
  for (const [history, options, message] of [
    [[], {}, /no epochs/],
    [5, {}, /`history`/],
    [[{}], {}, /no scores/],
    [{ epochs: 3 }, {}, /`history`/],
    [epochs, { scores: ['r2'] }, /`scores\[0\]`.*loss, accuracy/],
    [epochs, { scores: ['accuracyy'] }, /accuracyy.*did you mean `accuracy`/],
    [epochs, { scale: 'logarithmic' }, /`scale`/],
    [epochs, { themes: 'dark' }, /did you mean `theme`/],
    [epochs, { theme: 'blue' }, /`theme`/],
    [epochs, { title: 5 }, /`title`/],
  ] as const)
    await t.throwsAsync(plot.history(history as never, options as never), { message })
})

const matrix = [
  [50, 3, 0],
  [1, 40, 9],
  [0, 0, 0],
]

test('a confusion matrix has every count, shares of the true class, and names', async (t) => {
  const svg = await plot.confusion(matrix, { classNames: ['Iris setosa', 'Iris versicolor', 'x'] })
  const shown = checkPicture(t, svg)
  for (const text of ['50', '3', '1', '40', '9', '94.3 %', '5.7 %', '80.0 %', '2.0 %', '18.0 %'])
    t.true(shown.includes(text), text)
  t.is(shown.filter((text) => text === '0').length, 4)
  for (const name of ['Iris setosa', 'Iris versicolor', 'x'])
    t.is(shown.filter((text) => text === name).length, 2, name)
  t.true(shown.includes('90 of 103 right, 87.38 %; shares are of the true class'))
  t.is((layer(svg, 'layer_0_marks').match(/<path/g) ?? []).length, 9)
})

test('labels and predictions are counted, rows by the label', async (t) => {
  const labels = [0, 0, 1, 2, 2, 2]
  const predictions = Int32Array.of(0, 1, 1, 2, 2, 0)
  const counted = await plot.confusion({ labels, predictions }, { title: 'x' })
  const same = await plot.confusion([[1, 1, 0], [0, 1, 0], [1, 0, 2]], { title: 'x' }) // prettier-ignore
  t.is(counted, same)
})

test('predicted numbers are drawn against the true ones, with a line where they agree', async (t) => {
  const targets = Array.from({ length: 40 }, (_, i) => i)
  const predictions = Float64Array.from(targets, (value, i) => value + (i % 2 === 0 ? 1 : -1))
  const svg = await plot.predictions({ targets, predictions }, { target: 'price' })
  const shown = checkPicture(t, svg)
  for (const text of ['true price', 'predicted less true', '40 rows, RMS error 1, R2 0.9925'])
    t.true(shown.includes(text), text)
  t.is(shown.filter((text) => text === 'predicted price').length, 2)
  const points = /role-mark concat_0_layer_1_marks.*?<\/g>/s.exec(svg)?.[0] ?? ''
  t.is(points.split('<path').length - 1, 40)

  const many = Array.from({ length: 2500 }, () => 3) // one value: there is no spread to explain
  const constant = await plot.predictions({ targets: many, predictions: many })
  t.true(checkPicture(t, constant).includes('834 of 2500 rows, RMS error 0'))
})

test('numbers that cannot be drawn against each other are refused by name', async (t) => {
  for (const [targets, predictions, message] of [
    [[1], [1, 2], '`predictions` has 2 entries, `targets` has 1'],
    [[], [], 'There are no predictions to draw'],
    [[1, NaN], [1, 2], 'Expected `targets[1]` to be finite, at most 1e300, got `NaN`'],
    [[1], [Infinity], 'Expected `predictions[0]` to be finite, at most 1e300, got `Infinity`'],
    [[-1e308], [1], 'Expected `targets[0]` to be finite, at most 1e300, got `-1e+308`'],
  ] as const)
    await t.throwsAsync(plot.predictions({ targets, predictions }), { message })
  await t.throwsAsync(plot.predictions(undefined as never), { message: /`targets`/ })
  // Too small for a scale, not for a picture.
  checkPicture(t, await plot.predictions({ targets: [1e-320, 2e-320], predictions: [0, 1e-320] }))
  await t.throwsAsync(
    plot.predictions({ targets: [1], predictions: [1] }, { target: 3 as never }),
    {
      instanceOf: TypeError,
      message: /^Expected `target` to be a text/,
    },
  )
})

const channels = (colour: string) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
function contrast(a: readonly number[], b: readonly number[]): number {
  const luminance = (rgb: readonly number[]) => {
    const [red = NaN, green = NaN, blue = NaN] = rgb.map((channel) => {
      const value = channel / 255
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [dark = NaN, bright = NaN] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (bright + 0.05) / (dark + 0.05)
}

for (const theme of ['light', 'dark'] as const)
  test(`every number of a confusion matrix can be read in the ${theme} theme`, async (t) => {
    const size = 8 // every strength of colour, right and wrong
    const counts = Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => (i + 1) * (j + 1))) // prettier-ignore
    const cells = [...layer(await plot.confusion(counts, { theme }), 'layer_0_marks').matchAll(/<path ([^>]*)>/g)] // prettier-ignore
    t.is(cells.length, size * size)
    const { background, ink } = themes[theme]
    for (const [, attributes = ''] of cells) {
      const fill = channels(/fill="([^"]*)"/.exec(attributes)?.[1] ?? '')
      const opacity = Number(/fill-opacity="([^"]*)"/.exec(attributes)?.[1])
      const seen = fill.map((channel, i) => opacity * channel + (1 - opacity) * (channels(background)[i] ?? NaN)) // prettier-ignore
      t.true(contrast(seen, channels(ink)) >= 4.5, attributes)
    }
  })

test('matrices of many classes are drawn smaller, without what has no room', async (t) => {
  for (const [classes, texts] of [
    [30, 30 * 30],
    [60, 0],
  ] as const) {
    const labels = Array.from({ length: classes }, (_, i) => i)
    const svg = await plot.confusion({ labels, predictions: labels })
    checkPicture(t, svg)
    t.true(viewBoxOf(svg)[0] < 1300)
    t.is(placedTexts(svg).filter(({ text }) => text === '0').length > texts - classes - 2, true)
    t.notRegex(svg, />100.0 %</)
  }
})

test('a matrix that is none is refused', async (t) => {
  for (const [given, options, message] of [
    [[[1, 2]], {}, /square/],
    [
      [
        [1, -2],
        [0, 1],
      ],
      {},
      /`matrix\[0\]\[1\]`/,
    ],
    [
      [
        [1, 2],
        [NaN, 1],
      ],
      {},
      /`matrix\[1\]\[0\]`/,
    ],
    [matrix, { classNames: ['a'] }, /1 names, the matrix has 3 classes/],
    [matrix, { classNames: [null, 1, 2] }, /`classNames\[0\]`/],
    [{ labels: [0, 1], predictions: [0] }, {}, /`predictions` has 1 entries, `labels` has 2/],
    [{ labels: [0, -1], predictions: [0, 1] }, {}, /`labels\[1\]`/],
    [{ labels: [0, 500], predictions: [0, 1] }, {}, /at most 200 classes/],
    ['text', {}, /`matrix`/],
    [null, {}, /`matrix`/],
    [matrix, { labels: ['a'] }, /Unknown option `labels`/],
  ] as const)
    // prettier-ignore
    await t.throwsAsync(plot.confusion(given as never, options as never), { message })
})

test('the PNG of a grey image has its pixels, each as often as wanted', (t) => {
  const url = greyPNG(Uint8Array.of(0, 128, 255, 7, 8, 9), 3, 2, 2)
  const bytes = Buffer.from(url.slice('data:image/png;base64,'.length), 'base64')
  t.deepEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20)], [6, 4])
  const at = bytes.indexOf('IDAT')
  const raw = inflateSync(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at - 4)))
  const upper = [0, 0, 0, 128, 128, 255, 255] // a filter byte, then the pixels
  const lower = [0, 7, 7, 8, 8, 9, 9]
  t.deepEqual([...raw], [...upper, ...upper, ...lower, ...lower])
})

test('images have their labels below them, in the order of the rows', async (t) => {
  const digits = (await loadDigits()).slice(0, 25)
  const svg = await plot.images(digits)
  const shown = checkPicture(t, svg)
  t.is(elements(svg, 'image').length, 25)
  t.deepEqual(shown.filter((text) => /^\d$/.test(text)).map(Number), [...(digits.y as Int32Array)])
  const plain = await plot.images(digits.x, { title: 'no labels' })
  t.deepEqual(checkPicture(t, plain), ['no labels'])
})

test('a wrong image is told by a cross, both names and a thicker frame', async (t) => {
  const rows = Array.from({ length: 3 }, () => [0, 1, 2, 3, 4, 5])
  const svg = await plot.images(rows, {
    width: 3,
    labels: [0, 1, 2],
    predictions: ['cat', 'cow', 'dog'],
    classNames: ['cat', 'dog', 'dog'],
    notes: ['p = 1', 'p = 2', 'p = 3'],
  })
  const shown = checkPicture(t, svg)
  for (const text of ['cat', '✗ cow', 'is dog', 'dog', 'p = 2']) t.true(shown.includes(text), text)
  t.is(shown.filter((text) => text.includes('✗')).length, 1)
  t.is(elements(svg, 'path').filter((one) => one.includes('stroke-width="4"')).length, 1)
})

test('the pixels are scaled from black to white, or the other way', async (t) => {
  const greys = async (options: Parameters<typeof plot.images>[1]) => {
    const svg = await plot.images([[-1, 0, 1, 3]], options)
    const [, base64 = ''] = /data:image\/png;base64,([^"]*)"/.exec(svg) ?? []
    const bytes = Buffer.from(base64, 'base64')
    const at = bytes.indexOf('IDAT')
    const raw = inflateSync(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at - 4)))
    const side = bytes.readUInt32BE(16)
    const last = (side - 1) * (side + 1)
    return [raw[1], raw[side], raw[last + 1], raw[last + side]]
  }
  t.deepEqual(await greys({}), [0, 64, 128, 255])
  t.deepEqual(await greys({ inverted: true }), [255, 191, 128, 0])
  t.deepEqual(await greys({ range: [0, 1] }), [0, 0, 255, 255])
})

test('images that are none are refused', async (t) => {
  const rows = [[1, 2, 3, 4]]
  for (const [given, options, message] of [
    [[[1, 2, 3]], {}, /3 columns, not those of a square image/],
    [rows, { width: 3 }, /4 columns, an image of 3 x \? pixels does not/],
    [rows, { width: 2, height: 3 }, /2 x 3/],
    [[[1, NaN, 3, 4]], {}, /`rows\[0\]\[1\]`/],
    [rows, { labels: [1, 2] }, /`labels` has 2 entries, there are 1 images/],
    [rows, { labels: [null] }, /`labels\[0\]`/],
    [rows, { predictions: 'a' }, /`predictions`/],
    [rows, { range: [1, 1] }, /`range`/],
    [rows, { columns: 0 }, /`columns`/],
    [rows, { label: [1] }, /did you mean `labels`/],
    [Array.from({ length: 1001 }, () => [1]), {}, /At most 1000/],
  ] as const)
    await t.throwsAsync(plot.images(given as never, options as never), { message })
})

const data = moons({ rows: 200, noise: 0.1, seed: 1 })
async function trained(): Promise<Network> {
  const network = new Network({
    inputs: 2,
    layers: [dense(8, 'tanh'), dense(2, 'softmax')],
    seed: 1,
  })
  const trainer = new Trainer(network, {
    loss: 'categoricalCrossentropy',
    optimizer: adam({ learningRate: 0.05 }),
    epochs: 40,
  })
  await trainer.fit(data)
  return network
}

test('a decision boundary has a point per row, a shape per class and areas of every class', async (t) => {
  const network = await trained()
  const svg = await plot.decisionBoundary(network, data, { theme: 'light', classNames: ['a', 'b'] })
  const shown = checkPicture(t, svg)
  for (const text of ['x0', 'x1', 'a', 'b']) t.true(shown.includes(text), text)
  const points = elements(layer(svg, 'layer_1_marks'), 'path')
  t.is(points.length, 200)
  const kinds = new Set(points.map((point) => /fill="([^"]*)"/.exec(point)?.[1]))
  t.deepEqual([...kinds].sort(), themes.light.series.slice(0, 2).sort())
  for (const tint of themes.light.tints.slice(0, 2)) t.true(svg.includes(`fill="${tint}"`), tint)
  const labels = data.y as Int32Array
  const right = network.classify(data).filter((label, row) => label === labels[row]).length
  t.true(shown.includes(`${right} of 200 right, ${(right / 2).toFixed(1)} %`))
})

test('the areas cover the whole plane, each point in the class that the network gives it', async (t) => {
  const network = await trained()
  const svg = await plot.decisionBoundary(network, data, { theme: 'light', resolution: 40 })
  const areas = elements(layer(svg, 'layer_0_marks'), 'path').map((attributes) => {
    const [, x = 0, y = 0, width = 0, height = 0] = (
      /d="M([\d.-]+),([\d.-]+)h([\d.-]+)v([\d.-]+)/.exec(attributes) ?? []
    ).map(Number)
    return { x, y, width, height, fill: /fill="([^"]*)"/.exec(attributes)?.[1] }
  })
  const x = data.x.data
  const [left = 0, right = 0] = [Math.min, Math.max].map((of) => of(...x.filter((_, i) => i % 2 === 0))) // prettier-ignore
  const [low = 0, high = 0] = [Math.min, Math.max].map((of) => of(...x.filter((_, i) => i % 2 === 1))) // prettier-ignore
  let agreed = 0
  for (let i = 0; i < 900; i++) {
    const [across, up] = [((i % 30) + 0.5) / 30, (Math.floor(i / 30) + 0.5) / 30]
    const covering = areas.filter(
      (area) =>
        area.x <= 400 * across && 400 * across <= area.x + area.width &&
        area.y <= 400 * (1 - up) && 400 * (1 - up) <= area.y + area.height,
    ) // prettier-ignore
    t.true(covering.length > 0)
    const [sizeX, sizeY] = [(right - left) * 1.16, (high - low) * 1.16]
    const point = [left - 0.08 * (right - left) + across * sizeX, low - 0.08 * (high - low) + up * sizeY] // prettier-ignore
    const [label = -1] = network.classify([point])
    if (covering.at(-1)?.fill === themes.light.tints[label]) agreed++
  }
  t.true(agreed > 850, String(agreed)) // a point near the boundary may lie in a cell of the other class
})

test('of many rows a thousand are drawn', async (t) => {
  const svg = await plot.decisionBoundary(await trained(), moons({ rows: 2500, seed: 2 }))
  t.is(elements(layer(svg, 'layer_1_marks'), 'path').length, 1000)
})

test("a Model's decision boundary is drawn in the units of its columns", async (t) => {
  const values = data.x.data
  const table = new Table({
    height: Float64Array.from(values.filter((_, i) => i % 2 === 0), (value) => 170 + 10 * value),
    weight: Float64Array.from(values.filter((_, i) => i % 2 === 1), (value) => 70 + 10 * value),
    kind: Array.from(data.y as Int32Array, (label) => (label === 0 ? 'cat' : 'dog')),
  }) // prettier-ignore
  const pipeline = Pipeline.infer(table, { target: 'kind' })
  const network = new Network({ inputs: 2, layers: [dense(2, 'softmax')], seed: 1 })
  const trainer = new Trainer(network, {
    loss: 'categoricalCrossentropy',
    optimizer: 'adam',
    epochs: 50,
  })
  await trainer.fit(pipeline.fitTransform(table))
  const model = new Model(pipeline, network)
  const shown = checkPicture(t, await plot.decisionBoundary(model, table))
  for (const text of ['height', 'weight', 'cat', 'dog', '170']) t.true(shown.includes(text), text)
  const [, right] =
    shown.map((text) => /^(\d+) of 200 right/.exec(text)).find((found) => found) ?? []
  const kinds = table.column('kind')
  const truth = kinds.type === 'category' ? Array.from(kinds.codes, (code) => kinds.categories[code]) : [] // prettier-ignore
  t.is(Number(right), model.classify(table).filter((kind, row) => kind === truth[row]).length)
})

test('a decision boundary of anything but two features and classes is refused', async (t) => {
  const network = new Network({ inputs: 2, layers: [dense(2, 'softmax')] })
  const wide = new Network({ inputs: 3, layers: [dense(2, 'softmax')] })
  for (const [of, rows, options, message] of [
    [wide, data, {}, /two features.*takes 3/],
    [network, new Dataset([[1, 2, 3]], [0]), {}, /two features.*has 3/],
    [network, new Dataset([[1, 2]], [[0.5]]), {}, /class labels/],
    [network, new Dataset([[1, 2]]), {}, /class labels/],
    [network, [[1, 2]], {}, /`data`/],
    [5, data, {}, /`network`/],
    [network, data, { resolution: 1 }, /`resolution`/],
  ] as const)
    await t.throwsAsync(plot.decisionBoundary(of as never, rows as never, options), { message })
})

test('names may have what ends a line in the language of the charts', async (t) => {
  const svg = await plot.confusion([[1]], { classNames: ['a\u2028b\u2029c'] })
  t.true(svg.includes('a\u2028b\u2029c'))
})

test('a diagnosis that is none is refused', async (t) => {
  for (const chart of [undefined, {}])
    await t.throwsAsync(plot.diagnosisChart(chart as never), { message: /`chart`/ })
})

test('plot.diagnosis is the picture of the diagnosis', async (t) => {
  const diagnosis = await diagnose({ train: { error: 0.02, rows: 5000 }, dev: { error: 0.1, rows: 900 } }) // prettier-ignore
  const svg = await plot.diagnosis(diagnosis, 'dark')
  checkPicture(t, svg)
  t.is(svg, await diagnosis.plot('dark'))
})

test('every kind of picture has the colours of its theme, and no other’s', async (t) => {
  const digits = (await loadDigits()).slice(0, 3)
  const network = await trained()
  for (const draw of [
    (theme: 'light' | 'dark') => plot.history(epochs, { theme }),
    (theme: 'light' | 'dark') => plot.confusion(matrix, { theme }),
    (theme: 'light' | 'dark') => plot.images(digits, { theme, predictions: [0, 1, 3] }),
    (theme: 'light' | 'dark') => plot.decisionBoundary(network, data, { theme }),
  ]) {
    const [light, dark] = [await draw('light'), await draw('dark')]
    t.true(light.includes(`"${themes.light.background}"`) && dark.includes(`"${themes.dark.background}"`)) // prettier-ignore
    for (const colour of Object.values(themes.light).flat())
      t.false(dark.includes(`"${colour}"`), colour)
  }
})
