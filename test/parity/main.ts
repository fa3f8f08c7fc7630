import type { Named, ParityCase } from '../helpers/parity.js'
import { cases, compare, steps, tolerance, versions } from '../helpers/parity.js'

// Prints how far gemmnet's loss curves are from those of the libraries, one line for each case.
// Words on the command line choose cases whose names hold all of them: `npm run parity -- torch bce`.

const words = process.argv.slice(2)
const chosen = cases.filter(({ name }) => words.every((word) => name.includes(word)))

const text = (named: Named): string => {
  if (typeof named === 'string') return named
  const { name, ...options } = named
  return [name, ...Object.entries(options).flat()].join(' ')
}

function describe({ library, network, trainer, extras }: ParityCase): string[] {
  const activations = network.layers.flatMap((layer) =>
    layer.type === 'dense' ? [text(layer.options.activation)] : [],
  )
  return [
    `${library} ${versions[library]}`,
    trainer.optimizer.name,
    text(trainer.loss),
    activations.join(', '),
    extras.join(', '),
  ]
}

const rows: { readonly cells: string[]; readonly failed: boolean }[] = []
for (const one of chosen) {
  const cells = describe(one)
  try {
    const { error, evaluatedError = 0 } = await compare(one)
    const worst = Number.isNaN(error) ? error : Math.max(error, evaluatedError)
    rows.push({ cells: [...cells, worst.toExponential(1)], failed: !(worst <= tolerance) })
  } catch (error) {
    rows.push({ cells: [...cells, `threw ${String(error)}`], failed: true })
  }
}

const titles = ['library', 'optimizer', 'loss', 'activations', 'beside', 'largest error']
const table = [titles, ...rows.map(({ cells }) => cells)]
const widths = titles.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
for (const [i, row] of table.entries()) {
  const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  const failed = i > 0 && rows[i - 1]?.failed === true
  console.log(failed ? `${line.trimEnd()}  FAILED` : line.trimEnd())
}
const failures = rows.filter(({ failed }) => failed).length
console.log(
  `${rows.length} curves of ${steps} steps in float64, ${failures} further off than ${tolerance}`,
)
if (failures > 0 || rows.length === 0) process.exitCode = 1
