import { Command, Option } from 'commander'
import type { Approximation } from '../experiments/approximation.js'
import type { TargetFunction, TargetFunctionName } from '../experiments/target_functions.js'
import { targetFunctions } from '../experiments/target_functions.js'
import { checks, trainerOptions } from '../options/index.js'
import type { Chart, Report, ReportSection } from '../plot/index.js'
import { jsonFlag, numberFlag, numbersFlag, pathFlag } from './flags.js'
import type { Interrupt } from './interrupt.js'
import { checkOutputFile, checkReportFolder, writeResult } from './output_file.js'
import { Pace } from './progress.js'
import { reportFlag, saveReport } from './report.js'
import type { Terminal } from './terminal.js'

interface ApproximateFlags {
  readonly function?: TargetFunctionName
  readonly widths: readonly number[]
  readonly seed: number
  readonly output: string
  readonly json?: boolean
  readonly report?: string
}

const functionNames = Object.keys(targetFunctions) as TargetFunctionName[]
const defaults = { widths: [1, 2, 4, 8, 16, 32, 64], seed: 0, output: 'approximation.svg' }

/** `gemmnet approximate` */
export function approximate(terminal: Terminal, interrupt: Interrupt): Command {
  return new Command('approximate')
    .summary('how well one hidden layer approximates functions, by its width')
    .description(
      'Trains networks of one hidden layer of sigmoid units, wider and wider, to approximate ' +
        'functions on [0, 1], on the unit square, and one with a jump. Prints their errors on ' +
        'points that they were not trained on, and draws these and the fitted curves.',
    )
    .addOption(
      new Option('--function <name>', 'the function to approximate (default: all)').choices(
        functionNames,
      ),
    )
    .addOption(
      numbersFlag(
        '--widths',
        checks.positiveInteger,
        'units of the hidden layers, separated by commas',
      ).default(defaults.widths, defaults.widths.join(',')),
    )
    .addOption(
      numberFlag('--seed', trainerOptions.seed.check, 'seed of the initial weights').default(
        defaults.seed,
      ),
    )
    .addOption(pathFlag('--output', 'file', 'SVG file for the plot').default(defaults.output))
    .addOption(reportFlag())
    .addOption(jsonFlag())
    .action((flags: ApproximateFlags) => run(flags, terminal, interrupt))
}

async function run(
  { function: only, widths: given, seed, output, json = false, report }: ApproximateFlags,
  terminal: Terminal,
  interrupt: Interrupt,
): Promise<void> {
  await checkOutputFile(output)
  if (report !== undefined) await checkReportFolder(report)
  // Here, not above: help needs no addon.
  const experiment = await import('../experiments/approximation.js')
  const functions = only === undefined ? functionNames : [only]
  const widths = [...new Set(given)]
  const total = functions.length * widths.length
  const rows: Approximation[] = []
  const pace = new Pace(total)
  // With --json no rows come out on the way.
  const showProgress = () => {
    terminal.progress(pace.networks(rows.length), json && rows.length > 0)
  }
  const { signal } = interrupt
  showProgress()
  try {
    for await (const row of experiment.approximate({ functions, widths, seed, signal })) {
      if (!json) printRow(row, rows.at(-1), terminal)
      rows.push(row)
      showProgress()
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error
  }
  terminal.clear()
  if (json) terminal.result(JSON.stringify(rows.map(toJson), null, 2))
  if (rows.length > 0) await savePlot(rows, output)
  if (rows.length > 0 && report !== undefined)
    await saveReport(await toReport(rows), report, terminal)
  const kept = rows.length === 0 ? '' : `; their plot is in ${output}`
  interrupt.check(`Stopped after ${rows.length} of ${total} networks${kept}`)
  terminal.note(`Saved ${output}`)
}

const columns = [5, 10, 9, 13] // characters

function printRow(row: Approximation, last: Approximation | undefined, terminal: Terminal): void {
  const line = (cells: readonly string[]) => {
    terminal.result(cells.map((cell, i) => cell.padStart(columns[i] ?? 0)).join('  '))
  }
  if (row.function !== last?.function) {
    const { formula } = targetFunctions[row.function]
    if (last !== undefined) terminal.result('')
    terminal.result(`${row.function}: ${formula}`)
    line(['width', 'parameters', 'RMS error', 'largest error'])
  }
  const errors = [row.rootMeanSquareError, row.largestError]
  line([String(row.width), String(row.parameters), ...errors.map((error) => error.toPrecision(3))])
}

/** A row without its network. */
function toJson({ function: name, width, parameters, ...rest }: Approximation) {
  const { rootMeanSquareError, largestError } = rest
  return { function: name, width, parameters, rootMeanSquareError, largestError }
}

const title = 'Approximation by one hidden layer of sigmoid units'

/** The rows of each function that has some. */
function byFunction(rows: readonly Approximation[]): Approximation[][] {
  return functionNames
    .map((name) => rows.filter((row) => row.function === name))
    .filter((own) => own.length > 0)
}

async function toReport(rows: readonly Approximation[]): Promise<Report> {
  const { panels } = await import('../plot/index.js')
  const sections = byFunction(rows).map(async (own): Promise<ReportSection> => {
    const [name = 'sine'] = own.map((row) => row.function)
    return {
      title: `${name}: ${targetFunctions[name].formula}`,
      parts: [
        { svg: await panels('One hidden layer', [[errorChart(own), curveChart(own)]]), name },
        {
          columns: ['width', 'parameters', 'RMS error', 'largest error'],
          rows: own.map(({ width, parameters, rootMeanSquareError, largestError }) => [
            width,
            parameters,
            rootMeanSquareError,
            largestError,
          ]),
        },
      ],
    }
  })
  const about =
    'Networks of one hidden layer, wider and wider, and their errors on points that they were not ' +
    'trained on. The largest error of a continuous function goes to 0 as the layer grows; at a jump ' +
    'it stays at half of it or more.'
  return { title, sections: [{ parts: [about] }, ...(await Promise.all(sections))] }
}

async function savePlot(rows: readonly Approximation[], output: string): Promise<void> {
  const { panels } = await import('../plot/index.js')
  const svg = await panels(
    title,
    byFunction(rows).map((own) => [errorChart(own), curveChart(own)]),
  )
  await writeResult(output, svg)
}

const size = { width: 400, height: 260 }

/** Error against width, of one function. */
function errorChart(rows: readonly Approximation[]): Chart {
  const x = rows.map(({ width }) => width)
  const [name] = rows.map((row) => row.function)
  return {
    ...size,
    title: `${name ?? ''}: error by width`,
    subtitle: name === undefined ? '' : targetFunctions[name].formula,
    x: { title: 'units of the hidden layer', scale: 'log', ticks: x },
    y: { title: 'error', scale: 'log' },
    series: [
      { name: 'largest error', x, y: rows.map((row) => row.largestError) },
      { name: 'root mean square error', x, y: rows.map((row) => row.rootMeanSquareError) },
    ],
    marks: true,
  }
}

const curvePoints = 401
const sectionAt = 0.25 // through both hills of the surface, nearly

/** One function and what networks of the least, a lower and the greatest width make of it. */
function curveChart(rows: readonly Approximation[]): Chart {
  const at = [0, Math.floor((rows.length - 1) / 3), rows.length - 1]
  // The widest first: the strongest colour, and an unbroken line, for the one closest to the function.
  const shown = rows.filter((_, i) => at.includes(i)).reverse()
  const [name = 'sine'] = rows.map((row) => row.function)
  const { inputs, evaluate }: TargetFunction = targetFunctions[name]
  const x = Float64Array.from({ length: curvePoints }, (_, i) => i / (curvePoints - 1))
  const points = Array.from(x, (value) => (inputs === 1 ? [value] : [value, sectionAt]))
  return {
    ...size,
    title: `${name}: fitted curves`,
    subtitle: inputs === 1 ? 'from x = 0 to x = 1' : `section at y = ${sectionAt}`,
    x: { title: 'x' },
    y: { title: inputs === 1 ? 'f(x)' : `f(x, ${sectionAt})` },
    series: [
      { name: 'the function', x, y: points.map(evaluate), isReference: true },
      ...shown.map(({ width, network }) => ({
        name: width === 1 ? '1 unit' : `${width} units`,
        x,
        y: network.predict(points).data,
      })),
    ],
  }
}
