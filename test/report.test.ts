import test from 'ava'
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Report } from '../lib/plot/index.js'
import { heatmap, lines, toHTML, write, writeReport } from '../lib/plot/index.js'

let folder: string
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gemmnet-report-'))
})
test.after.always(async () => {
  await rm(folder, { recursive: true })
})

const chart = {
  title: 'A chart',
  x: { title: 'x' },
  y: { title: 'y' },
  series: [{ name: 'one', x: [1, 2], y: [3, 4] }],
}
const colours = {
  title: 'Colours',
  x: { title: 'x', values: [1, 2] },
  y: { title: 'y', values: [1] },
  values: [[1, 2]],
}
const nasty = `<script>alert("1")</script> & 'so on'`
const escaped = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;so on&#39;'

test('a page has titles, paragraphs, tables, lines and pictures, in their order', async (t) => {
  const page = toHTML({
    title: 'A run',
    sections: [
      { parts: ['First.'] },
      {
        title: 'Scores',
        parts: [
          {
            columns: ['set', 'accuracy', 'rows'],
            rows: [
              ['train', '99.1 %', 1437],
              ['test', '97.5 %', 60000],
            ],
            caption: 'After training',
          },
          { lines: 'a  b\nc  d' },
          { svg: await lines(chart), caption: 'As it went' },
        ],
      },
    ],
  })
  t.regex(page, /^<!doctype html>\n<html lang="en">/)
  let at = 0
  for (const piece of [
    '<title>A run</title>',
    '<h1>A run</h1>',
    '<p>First.</p>',
    '<h2>Scores</h2>',
    '<caption>After training</caption>',
    '<th>set</th><th class="figure">accuracy</th><th class="figure">rows</th>',
    '<td>train</td><td class="figure">99.1 %</td><td class="figure">1437</td>',
    '<td>test</td><td class="figure">97.5 %</td><td class="figure">60000</td>',
    '<pre>a  b\nc  d</pre>',
    '<svg ',
    '<figcaption>As it went</figcaption>',
    '</html>',
  ]) {
    const found = page.indexOf(piece, at)
    t.true(found >= at, piece)
    at = found + piece.length
  }
})

test('text of every kind is escaped, so that a page runs and loads nothing', async (t) => {
  const page = toHTML({
    title: nasty,
    sections: [
      {
        title: nasty,
        parts: [
          nasty,
          { columns: [nasty], rows: [[nasty]], caption: nasty },
          { lines: nasty },
          { svg: await lines({ ...chart, title: nasty }), caption: nasty },
        ],
      },
    ],
  })
  t.notRegex(page, /<script|<link|<img|<iframe|src=|@import|url\((?!#)/i)
  t.is(page.split(escaped).length - 1, 10) // those above, two of them the page's, and the picture's label
  t.regex(page, /Content-Security-Policy" content="default-src 'none'/)
})

test('a page is light or dark as the system is', (t) => {
  const page = toHTML({ title: 'Dark', sections: [] })
  t.regex(page, /color-scheme: light dark/)
  t.regex(page, /@media \(prefers-color-scheme: dark\)/)
})

test('gradients of two pictures in a page do not take one another’s colours', async (t) => {
  const svg = await heatmap(colours)
  const page = toHTML({ title: 'Two', sections: [{ parts: [{ svg }, { svg }] }] })
  const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
  t.true(ids.length >= 2)
  t.is(new Set(ids).size, ids.length)
  for (const [, id] of page.matchAll(/url\(#([^)]*)\)/g)) t.true(ids.includes(id), id)
})

test('pictures of several themes keep them in one page', async (t) => {
  const [auto, light] = [await lines(chart), await lines(chart, 'light')]
  t.true(auto.includes('.gemmnet-plot [fill='))
  t.notRegex(light, /class="gemmnet-plot"/)
})

test('parts that are none, and pictures that are no SVG, are refused', (t) => {
  for (const [part, message] of [
    [5, /`sections\[0\]\.parts\[1\]`/],
    [{}, /`sections\[0\]\.parts\[1\]`/],
    [null, /`sections\[0\]\.parts\[1\]`/],
    [{ svg: '<p>' }, /`sections\[0\]\.parts\[1\]\.svg`/],
    [{ svg: '<svg/>', caption: 1 }, /`sections\[0\]\.parts\[1\]\.caption`/],
    [{ lines: 1 }, /`sections\[0\]\.parts\[1\]\.lines`/],
    [{ rows: [[1]] }, /`sections\[0\]\.parts\[1\]\.columns`/],
    [{ columns: ['a'], rows: [1] }, /`sections\[0\]\.parts\[1\]\.rows\[0\]`/],
    [{ columns: ['a'], rows: [[null]] }, /`sections\[0\]\.parts\[1\]\.rows\[0\]\[0\]`/],
  ] as const)
    t.throws(() => toHTML({ title: 'x', sections: [{ parts: ['', part as never] }] }), {
      instanceOf: TypeError,
      message,
    })
})

test('what is no report, and rows that do not fit their table, are refused', (t) => {
  for (const [report, message] of [
    [undefined, /`report`/],
    [{ title: 1, sections: [] }, /`title`/],
    [{ title: 'x', sections: 3 }, /`sections`/],
    [{ title: 'x', sections: [{}] }, /`sections\[0\]\.parts`/],
    [{ title: 'x', sections: [{ title: 1, parts: [] }] }, /`sections\[0\]\.title`/],
  ] as const)
    t.throws(() => toHTML(report as never), { instanceOf: TypeError, message })
  const part = { columns: ['a', 'b'], rows: [[1]] }
  t.throws(() => toHTML({ title: 'x', sections: [{ parts: [part] }] }), {
    instanceOf: RangeError,
    message: /rows\[0\]` has 1 cells, there are 2 columns/,
  })
})

test('write makes a picture, or a page of one or several', async (t) => {
  const svg = await lines(chart)
  const path = join(folder, 'one.svg')
  await write(svg, path)
  t.is(await readFile(path, 'utf8'), svg)
  await write([svg], pathToFileURL(path))
  t.is(await readFile(path, 'utf8'), svg)
  await write([svg, svg], join(folder, 'two.html'))
  const page = await readFile(join(folder, 'two.html'), 'utf8')
  t.is(page.split('<svg ').length - 1, 2)
  t.true(page.includes('<h1>two</h1>'))
  const report: Report = { title: 'Report', sections: [{ parts: ['Text.', { svg }] }] }
  await write(report, join(folder, 'REPORT.HTM'))
  t.is(await readFile(join(folder, 'REPORT.HTM'), 'utf8'), toHTML(report))
})

test('write refuses what is no picture, and endings that it does not know', async (t) => {
  const svg = await lines(chart)
  const report: Report = { title: 'Report', sections: [] }
  for (const [pictures, name, instanceOf, message] of [
    [svg, 'x.pdf', RangeError, /\.svg, \.png or \.html, got `'x\.pdf'`/],
    [svg, 'x', RangeError, /`path`/],
    [[svg, svg], 'x.svg', RangeError, /\.svg holds one picture/],
    [report, 'x.png', RangeError, /\.png holds one picture/],
    [[], 'x.html', TypeError, /`pictures`/],
    ['text', 'x.svg', TypeError, /`pictures`/],
    [[svg, 4], 'x.html', TypeError, /`pictures`/],
  ] as const)
    await t.throwsAsync(write(pictures as never, join(folder, name)), { instanceOf, message })
  await t.throwsAsync(write(svg, 5 as never), { instanceOf: TypeError, message: /`path`/ })
  t.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('x')),
    [],
  )
})

/** Writes a PNG in a process of its own, with what the environment is given. */
function writePNG(svg: string, path: string, env: NodeJS.ProcessEnv = {}): void {
  const index = new URL('../lib/index.js', import.meta.url).href
  const source = `
    import { plot } from ${JSON.stringify(index)}
    await plot.write(${JSON.stringify(svg)}, ${JSON.stringify(path)})`
  const ran = spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
    env: { ...process.env, ...env },
  })
  if (ran.status !== 0) throw new Error(String(ran.stderr))
}

test('a PNG is twice as wide as its picture, and the same where there are no fonts', async (t) => {
  const svg = await lines(chart)
  const [path, other] = [join(folder, 'one.png'), join(folder, 'two.png')]
  await write(svg, path)
  const bytes = await readFile(path)
  t.is(bytes.readUInt32BE(16), 2 * Number(/ width="(\d+)"/.exec(svg)?.[1])) // of the IHDR chunk
  const settings = join(folder, 'fonts.conf')
  await writeFile(settings, '<fontconfig></fontconfig>')
  writePNG(svg, other, { FONTCONFIG_FILE: settings })
  t.deepEqual(await readFile(other), bytes)
})

test('the letters of a PNG are there: without them it has less ink', async (t) => {
  const svg = await lines(chart, 'light')
  const size = async (text: string, name: string) => {
    await write(text, join(folder, name))
    return (await readFile(join(folder, name))).length
  }
  const bare = svg.replace(/<text[^>]*>[^<]*<\/text>/g, '')
  t.true((await size(svg, 'with.png')) > 1.2 * (await size(bare, 'without.png')))
})

test('a report’s folder holds its page and its named pictures, and what was there', async (t) => {
  const svg = await lines(chart)
  const path = join(folder, 'new', 'report')
  await mkdir(path, { recursive: true })
  await write(svg, join(path, 'other.svg'))
  const report: Report = {
    title: 'Report',
    sections: [{ parts: [{ svg, name: 'chart' }, { svg }] }],
  }
  await writeReport(report, path)
  t.deepEqual((await readdir(path)).sort(), ['chart.svg', 'index.html', 'other.svg'])
  t.is(await readFile(join(path, 'chart.svg'), 'utf8'), svg)
  t.is(await readFile(join(path, 'index.html'), 'utf8'), toHTML(report))

  await writeReport(report, join(folder, 'made', 'here'))
  t.deepEqual((await readdir(join(folder, 'made', 'here'))).sort(), ['chart.svg', 'index.html'])

  for (const names of [['../up'], [3 as never], ['same', 'same']]) {
    const bad = { ...report, sections: [{ parts: names.map((name) => ({ svg, name })) }] }
    await t.throwsAsync(writeReport(bad, join(folder, 'never')), { message: /`name`/ })
  }
  await t.throwsAsync(writeReport(svg as never, join(folder, 'never')), { message: /`report`/ })
  t.false((await readdir(folder)).includes('never'))
})
