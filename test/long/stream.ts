import { execFile } from 'node:child_process'
import { open, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Dataset, dense, Network, readCsv, streamCsv, Trainer } from '../../lib/index.js'
import { randomNumbers } from '../helpers/data.js'

// Whether a CSV file far larger than the memory allowed is trained on, and how fast:
//   node dist/test/long/stream.js [megabytes]
// Each figure is of a process of its own. The file repeats one block of rows, since nothing here
// depends on what they say.

const megabytesAllowed = 300
const shareOfMemorySpeed = 0.5
const columns = 20
const blockRows = 50_000
const memoryRows = 500_000 // of the file's, in memory to compare with
const hidden = {
  /** Trains faster than a file is parsed. */
  small: [16],
  /** Trains slower. */
  large: [512, 256],
} as const

interface Figure {
  readonly rows: number
  readonly seconds: number
  /** Largest resident size. */
  readonly megabytes: number
}

function makeBlock(): string {
  const random = randomNumbers(1)
  const lines = Array.from({ length: blockRows }, () => {
    const row = Array.from({ length: columns }, () => 2 * random() - 1)
    const label = Number((row[0] ?? 0) * (row[1] ?? 0) > 0)
    return `${row.map((value) => value.toFixed(6)).join(',')},${label}\n`
  })
  return lines.join('')
}

const header = `${Array.from({ length: columns }, (_, i) => `x${i}`).join(',')},label\n`

async function writeRows(path: string, bytes: number): Promise<void> {
  const file = await open(path, 'w')
  const block = Buffer.from(makeBlock())
  await file.write(header)
  for (let written = 0; written < bytes; written += block.length) await file.write(block)
  await file.close()
}

function makeTrainer(size: keyof typeof hidden) {
  const layers = [...hidden[size].map((units) => dense(units, 'relu')), dense(2, 'softmax')]
  return new Trainer(new Network({ inputs: columns, layers, seed: 1 }), {
    loss: 'categoricalCrossentropy',
    optimizer: 'adam',
    batchSize: 256,
    shuffle: false,
  })
}

async function timed(work: () => Promise<number>): Promise<Figure> {
  const begin = performance.now()
  const rows = await work()
  const seconds = (performance.now() - begin) / 1000
  return { rows, seconds, megabytes: process.resourceUsage().maxRSS / 1024 }
}

async function parse(path: string): Promise<number> {
  let rows = 0
  for await (const table of streamCsv(path)) rows += table.rows
  return rows
}

async function streamed(path: string, size: keyof typeof hidden): Promise<number> {
  let rows = 0
  const blocks = async function* () {
    for await (const table of streamCsv(path)) {
      rows += table.rows
      yield table
    }
  }
  await makeTrainer(size).fitStream(blocks, { target: 'label', epochs: 1 })
  return rows
}

/** The first rows of the file, in memory. */
async function inMemory(size: keyof typeof hidden): Promise<Figure> {
  const table = await readCsv([header, makeBlock()])
  const { data } = table.drop(['label']).toMatrix()
  const x = new Float32Array(memoryRows * columns)
  for (let begin = 0; begin < x.length; begin += data.length) x.set(data, begin)
  const { values } = table.column('label') as { values: Float64Array }
  const labels = Int32Array.from({ length: memoryRows }, (_, row) => values[row % blockRows] ?? 0)
  const train = new Dataset({ data: x, shape: [memoryRows, columns] }, labels)
  const trainer = makeTrainer(size)
  await trainer.partialFit(train)
  return timed(async () => {
    await trainer.partialFit(train)
    return memoryRows
  })
}

const figures: Record<string, (path: string) => Promise<Figure>> = {
  parse: (path) => timed(() => parse(path)),
  'stream, small': (path) => timed(() => streamed(path, 'small')),
  'stream, large': (path) => timed(() => streamed(path, 'large')),
  'memory, small': () => inMemory('small'),
  'memory, large': () => inMemory('large'),
}

async function main(megabytes: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'gemmnet-'))
  const path = join(folder, 'rows.csv')
  try {
    await writeRows(path, megabytes * 1e6)
    const { size } = await stat(path)
    console.log(`${(size / 1e9).toFixed(2)} GB of CSV, ${columns} numbers and a label a row`)
    const measured = new Map<string, Figure>()
    const rate = (name: string) => {
      const { rows = NaN, seconds = NaN } = measured.get(name) ?? {}
      return rows / seconds
    }
    for (const name of Object.keys(figures)) {
      const script = fileURLToPath(import.meta.url)
      const { stdout } = await promisify(execFile)(process.execPath, [script, name, path])
      const figure = JSON.parse(stdout) as Figure
      measured.set(name, figure)
      const speed = `${(rate(name) / 1000).toFixed(0).padStart(6)} thousand rows/s`
      console.log(`${name.padEnd(14)} ${speed} ${figure.megabytes.toFixed(0).padStart(5)} MB`)
    }
    const { rows = NaN, seconds = NaN } = measured.get('parse') ?? {}
    console.log(`the parser alone: ${(size / seconds / 1e6).toFixed(0)} MB/s, ${rows} rows`)
    const largest = Math.max(
      ...['stream, small', 'stream, large'].map((name) => measured.get(name)?.megabytes ?? NaN),
    )
    const share = rate('stream, large') / rate('memory, large')
    console.log(`${largest.toFixed(0)} MB at most; allowed: ${megabytesAllowed}`)
    console.log(
      `${share.toFixed(2)} of the speed in memory where training is slower than parsing; ` +
        `asked for: ${shareOfMemorySpeed}`,
    )
    if (!(largest <= megabytesAllowed && share >= shareOfMemorySpeed)) process.exitCode = 1
  } finally {
    await rm(folder, { recursive: true })
  }
}

const [first = '1500', path = ''] = process.argv.slice(2)
const figure = figures[first]
if (figure === undefined) await main(Number(first))
else console.log(JSON.stringify(await figure(path)))
