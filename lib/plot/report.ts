import { rangeError, typeError } from '../errors.js'
import { checks, label as checkCell } from '../options/index.js'
import { shortNumber } from './labels.js'
import { escape } from './escape.js'
import { generator } from './report_mark.js'
import { themes } from './themes.js'

/** A table of a {@link Report}; columns whose cells are all figures are aligned at their right. */
export interface ReportTable {
  readonly columns: readonly string[]
  /** As many cells each as there are columns; whole numbers are shown in full, others with four digits. */
  readonly rows: readonly (readonly (string | number)[])[]
  /** A line above the table. */
  readonly caption?: string | undefined
}

/** A picture of a {@link Report}. */
export interface ReportPicture {
  /** What a function of `plot` returned. It stands in the page as it is: do not take it from others. */
  readonly svg: string
  /** A line below the picture. */
  readonly caption?: string | undefined
  /** Its file in the report's folder, without `.svg`. Default: it has none. */
  readonly name?: string | undefined
}

/** Lines of a {@link Report} in letters of one width, such as a network's summary. */
export interface ReportLines {
  readonly lines: string
}

/** What a section is made of; a string is a paragraph. */
export type ReportPart = string | ReportTable | ReportPicture | ReportLines

/** A part of a {@link Report} with a heading of its own. */
export interface ReportSection {
  /** Default: none, for what stands below the report's own title. */
  readonly title?: string | undefined
  readonly parts: readonly ReportPart[]
}

/** What a run came to, for people: text, tables and pictures. */
export interface Report {
  readonly title: string
  readonly sections: readonly ReportSection[]
}

/**
 * A report as one HTML page that needs nothing else: no script, no font, no file. Light or dark as
 * the reader's system is set, as long as the pictures are of the theme 'auto'. All text is escaped.
 *
 * @throws TypeError or RangeError, naming the section, for a part that is none, a picture that is no
 * SVG, a row that has not as many cells as there are columns
 *
 * @example
 * const history = await trainer.fit(train)
 * const page = plot.toHTML({
 *   title: 'Digits',
 *   sections: [
 *     { parts: ['64-100-50-10, trained for 100 epochs.'] },
 *     { title: 'Scores', parts: [{ columns: ['set', 'accuracy'], rows: [['test', '97.5 %']] }] },
 *     { title: 'Training', parts: [{ svg: await plot.history(history), name: 'history' }] },
 *   ],
 * })
 */
export function toHTML(report: Report): string {
  if (!isReport(report)) throw typeError('report', 'a report: { title, sections }', report)
  const title = checks.text('title', report.title)
  const main = checkList('sections', report.sections).map((section, i) => {
    const { title: heading, parts } = Object(section) as ReportSection
    const content = checkList(`sections[${i}].parts`, parts).map((part, j) =>
      toBlock(part, `sections[${i}].parts[${j}]`),
    )
    const head =
      heading === undefined
        ? []
        : [`<h2>${escape(checks.text(`sections[${i}].title`, heading))}</h2>`]
    return `<section>\n${[...head, ...content].join('\n')}\n</section>`
  })
  // The policy keeps the promise above: what is in the page can load and run nothing.
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${generator}
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escape(title)}</h1>
${main.join('\n')}
</body>
</html>
`
}

/** Whether a value is a report, by its outer form. */
export function isReport(value: unknown): value is Report {
  return typeof value === 'object' && value !== null && 'sections' in value && 'title' in value
}

/**
 * The pictures of a report that have a file of their own, by their name.
 *
 * @throws TypeError or RangeError for a name that is no file's, or not the only one
 */
export function namedPictures({ sections }: Report): Map<string, string> {
  const pictures = new Map<string, string>()
  for (const part of sections.flatMap(({ parts }) => parts)) {
    if (typeof part === 'string' || !('svg' in part) || part.name === undefined) continue
    const name = checks.text('name', part.name)
    if (!/^[\w-]+$/.test(name)) throw rangeError('name', 'letters, digits, - and _', name)
    if (pictures.has(name)) throw rangeError('name', 'the name of one picture', name)
    pictures.set(name, part.svg)
  }
  return pictures
}

function toBlock(part: ReportPart, place: string): string {
  if (typeof part === 'string') return `<p>${escape(part)}</p>`
  // `unknown`, as programs in JavaScript may give anything.
  if (typeof part === 'object' && (part as unknown) !== null) {
    if ('svg' in part) return toFigure(part, place)
    if ('lines' in part) return `<pre>${escape(checks.text(`${place}.lines`, part.lines))}</pre>`
    if ('rows' in part) return toTable(part, place)
  }
  throw typeError(place, 'a string, { svg }, { columns, rows } or { lines }', part)
}

function toFigure({ svg, caption }: ReportPicture, place: string): string {
  if (!isSVG(svg)) throw typeError(`${place}.svg`, 'the text of an SVG document', svg)
  const below =
    caption === undefined
      ? ''
      : `<figcaption>${escape(checks.text(`${place}.caption`, caption))}</figcaption>\n`
  return `<figure>\n<div class="wide">${withOwnIds(svg, place)}</div>\n${below}</figure>`
}

/** Whether a text is an SVG document as `plot` makes them. */
export function isSVG(text: unknown): text is string {
  return typeof text === 'string' && text.startsWith('<svg')
}

/** Gradients and clips are named alike in all pictures: in one page each needs a name of its own. */
function withOwnIds(svg: string, place: string): string {
  const prefix = place.replace(/[^a-z0-9]+/g, '-')
  return svg
    .replace(/ id="([^"]*)"/g, (_, id: string) => ` id="${prefix}${id}"`)
    .replace(/url\(#([^)]*)\)/g, (_, id: string) => `url(#${prefix}${id})`)
}

function toTable({ columns, rows, caption }: ReportTable, place: string): string {
  checkList(`${place}.columns`, columns)
  checkList(`${place}.rows`, rows).forEach((row, i) => {
    const { length } = checkList(`${place}.rows[${i}]`, row)
    if (length !== columns.length)
      throw new RangeError(
        `\`${place}.rows[${i}]\` has ${length} cells, there are ${columns.length} columns`,
      )
    row.forEach((cell, j) => checkCell(`${place}.rows[${i}][${j}]`, cell))
  })
  const isFigures = columns.map((_, column) => rows.every((row) => isFigure(row[column])))
  const line = (cells: readonly (string | number)[], tag: 'th' | 'td') => {
    const texts = cells.map((cell, i) => {
      const text =
        typeof cell === 'string' || Number.isInteger(cell) ? String(cell) : shortNumber(cell)
      return `<${tag}${isFigures[i] === true ? ' class="figure"' : ''}>${escape(text)}</${tag}>`
    })
    return `<tr>${texts.join('')}</tr>`
  }
  const above =
    caption === undefined
      ? []
      : [`<caption>${escape(checks.text(`${place}.caption`, caption))}</caption>`]
  const body = rows.map((row) => line(row, 'td'))
  const lines = [...above, `<thead>${line(columns, 'th')}</thead>`, '<tbody>', ...body, '</tbody>']
  return `<div class="wide"><table>\n${lines.join('\n')}\n</table></div>`
}

function checkList<T>(name: string, value: readonly T[]): readonly T[] {
  if (!Array.isArray(value)) throw typeError(name, 'an array', value)
  return value as readonly T[]
}

function isFigure(cell: string | number | undefined): boolean {
  return (
    typeof cell === 'number' || /^[-+−]?[\d.]+(e-?\d+)?( ?%| m?s)?$|^(NaN|×)?$/.test(cell ?? '')
  )
}

const { light, dark } = themes
const colours = ({ background, ink, label, grid }: Readonly<Record<string, unknown>>) =>
  Object.entries({ background, ink, label, grid })
    .map(([name, colour]) => `--${name}:${String(colour)}`)
    .join(';')

// Pictures keep their size, in which they can be read: where there is no room they are scrolled.
const style = `
:root { color-scheme: light dark; ${colours(light)} }
@media (prefers-color-scheme: dark) { :root { ${colours(dark)} } }
body { background: var(--background); color: var(--ink); font: 16px/1.55 system-ui, 'Segoe UI', 'Helvetica Neue', Helvetica, Arial, sans-serif; max-width: 68rem; margin: 2.5rem auto; padding: 0 1rem }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 1rem }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-top: .75rem; border-top: 1px solid var(--grid) }
p { max-width: 46rem; margin: .75rem 0 }
.wide { overflow-x: auto }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
caption, figcaption { color: var(--label); font-size: .9rem; text-align: left }
caption { padding-bottom: .4rem }
th, td { text-align: left; vertical-align: top; padding: .3rem 1.25rem .3rem 0; border-bottom: 1px solid var(--grid) }
th { color: var(--label); font-weight: 600 }
.figure { text-align: right; white-space: nowrap }
figure { margin: 1rem 0 }
svg { display: block }
pre { overflow-x: auto; font: .875rem/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace }
@media print { section { break-inside: avoid } }
`
