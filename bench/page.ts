import type { Series } from '../lib/plot/index.js'
import { panels } from '../lib/plot/index.js'
import type { Report, Result } from './report.js'
import { bestOf, describeMachine, labelOf, percent, titles } from './report.js'
import { median } from './statistics.js'
import { cellsOf } from './table.js'
import { shareNames } from './task.js'

/** The report as a page that needs nothing else: tables with bars, and the sweeps drawn. */
export async function toPage({ machine, contenders, results }: Report): Promise<string> {
  const names = [...new Set(results.map((result) => result.case))]
  const tables = names.map((name) => table(results.filter((result) => result.case === name)))
  const states = contenders.map((state) =>
    'absent' in state ? `${state.name}: absent, ${state.absent}` : `${state.name} ${state.version}`,
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>gemmnet bench</title>
<style>
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .15rem .6rem; border-bottom: 1px solid #8884 }
.figures td:nth-child(n+3):nth-child(-n+6) { text-align: right; font-variant-numeric: tabular-nums }
.figures td:nth-child(2) { width: 30% }
.bar { background: #629560; height: .8rem }
.own .bar { background: #ee6109 }
.shares td { white-space: nowrap }
.shares td:nth-child(3) { width: 60%; min-width: 10rem }
.stack { display: flex; height: 1.1rem }
.key { display: inline-block; width: .8rem; height: .8rem; margin: 0 .3rem 0 1rem }
${shareNames.map((name) => `.${name} { background: ${shareColors[name]} }`).join('\n')}
li { overflow-wrap: anywhere }
.wide { overflow-x: auto }
</style>
</head>
<body>
<h1>gemmnet bench</h1>
${describeMachine(machine).map(paragraph).join('\n')}
<ul>
${states.map((state) => `<li>${escape(state)}</li>`).join('\n')}
</ul>
<p>Medians; +- is half the distance between the fastest and the slowest process. Bars are on a
logarithmic scale from a tenth of the best figure. A loss other than gemmnet's is marked.</p>
${await drawSweeps(results)}
${drawShares(results)}
${tables.join('\n')}
</body>
</html>
`
}

function table(results: readonly Result[]): string {
  const [first] = results
  if (first === undefined) return ''
  const rows = results.map((result) => {
    const [label = '', ...cells] = cellsOf(result, results)
    const own = result.contender === 'gemmnet' ? ' class="own"' : ''
    const bar = `<div class="bar" style="width:${barWidth(result, results).toFixed(1)}%"></div>`
    const rest = cells.map((cell) => `<td>${escape(cell)}</td>`).join('')
    return `<tr${own}><td>${escape(label)}</td><td>${bar}</td>${rest}</tr>`
  })
  return `<h2>${escape(first.case)}</h2>
<p>${escape(titles[first.kind])}</p>
<div class="wide"><table class="figures">
<tr><th>contender<th><th>median<th>+-<th>of gemmnet<th>loss<th></tr>
${rows.join('\n')}
</table></div>`
}

/** Percent of the widest. */
function barWidth(result: Result, results: readonly Result[]): number {
  if (result.values.length === 0) return 0
  const values = results.filter((one) => one.values.length > 0).map((one) => median(one.values))
  const least = Math.min(...values) / 10
  return (100 * Math.log(median(result.values) / least)) / Math.log(Math.max(...values) / least)
}

const shareColors = {
  gemm: '#ee6109',
  elementwise: '#629560',
  gather: '#4b7fb5',
  optimizer: '#a05d9c',
  waiting: '#8885',
} as const

/** One stacked bar for each step whose shares of time are known. */
function drawShares(results: readonly Result[]): string {
  const rows = results.flatMap(({ shares, ...result }) => {
    if (shares === undefined) return []
    const parts = shareNames.map((name) => {
      const width = (100 * shares[name]).toFixed(1)
      const title = `${name} ${percent(shares[name])}`
      return `<div class="${name}" style="width:${width}%" title="${title}"></div>`
    })
    const gemm = `${percent(shares.gemm)} gemm`
    const cells = [result.case, labelOf(result)].map((cell) => `<td>${escape(cell)}</td>`).join('')
    return [`<tr>${cells}<td><div class="stack">${parts.join('')}</div></td><td>${gemm}</td></tr>`]
  })
  if (rows.length === 0) return ''
  const keys = shareNames.map((name) => `<span class="key ${name}"></span>${name}`)
  return `<h2>What the threads do</h2>
<p>Shares of all threads’ time in a fit; elementwise is activations, losses and the rest.</p>
<p>${keys.join('')}</p>
<div class="wide"><table class="shares">
${rows.join('\n')}
</table></div>`
}

async function drawSweeps(results: readonly Result[]): Promise<string> {
  const groups = new Map<string, Result[]>()
  for (const result of results)
    if (result.grows !== undefined)
      groups.set(result.group, [...(groups.get(result.group) ?? []), result])
  const charts = [...groups.values()].flatMap((sweep) => {
    const what = sweep[0]?.grows?.what ?? ''
    const series = [...new Set(sweep.map(({ contender }) => contender))].flatMap((contender) =>
      toSeries(sweep, contender),
    )
    if (series.length === 0) return []
    const ticks = [...new Set(sweep.map(({ grows }) => grows?.value ?? NaN))]
    return [
      {
        title: `${sweep[0]?.group ?? ''}: step time by ${what}`,
        x: { title: what, scale: 'log' as const, ticks },
        y: { title: 'step time, µs', scale: 'log' as const },
        series,
        marks: true,
      },
    ]
  })
  if (charts.length === 0) return ''
  const rows = charts.flatMap((_, i) => (i % 2 === 0 ? [charts.slice(i, i + 2)] : []))
  return `<div class="wide">${await panels('How the cost grows', rows)}</div>`
}

/** A contender's times at its best number of threads. */
function toSeries(sweep: readonly Result[], contender: string): Series[] {
  const names = [...new Set(sweep.map((result) => result.case))]
  const points = names.flatMap((name) => bestOf(sweep, name, contender) ?? [])
  if (points.length === 0) return []
  return [
    {
      name: contender,
      x: points.map(({ grows }) => grows?.value ?? NaN),
      y: points.map(({ values }) => median(values) * 1e6),
      isReference: contender === 'bare-gemm',
    },
  ]
}

const paragraph = (line: string) => `<p>${escape(line)}</p>`

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
