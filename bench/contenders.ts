import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findPackageRoot } from '../lib/package_root.js'
import type { Probe, Task, Trial } from './task.js'
import { parseWithNaN, toWords } from './task.js'

const run = promisify(execFile)
const root = findPackageRoot()
const sources = join(root, 'bench', 'contenders')
const here = dirname(fileURLToPath(import.meta.url))
const probeLimit = 60 // seconds

/** One file of bench/contenders and how its process is started. */
export interface ContenderFile {
  readonly name: string
  readonly command: string
  /** Words before those of the task. */
  readonly words: readonly string[]
}

/**
 * All that bench/contenders holds.
 *
 * @param python - the interpreter; default: GEMMNET_BENCH_PYTHON, that of build/bench-python, or
 * python3
 */
export function listContenders(python?: string): ContenderFile[] {
  const interpreter = python ?? findPython()
  return readdirSync(sources)
    .sort()
    .flatMap((file) => {
      const stem = basename(file, extname(file))
      const name = stem.replaceAll('_', '-')
      switch (extname(file)) {
        case '.ts':
          return [
            { name, command: process.execPath, words: [join(here, 'contenders', `${stem}.js`)] },
          ]
        case '.py':
          return [{ name, command: interpreter, words: [join(sources, file)] }]
        case '.cc':
          return [{ name, command: join(root, 'build', 'cmake', 'contenders', stem), words: [] }]
        default:
          return []
      }
    })
}

function findPython(): string {
  const own = join(root, 'build', 'bench-python', 'bin', 'python')
  return process.env.GEMMNET_BENCH_PYTHON ?? (existsSync(own) ? own : 'python3')
}

/** Asks a contender for its version and what it can do; throws with the reason where it is absent. */
export async function probe(file: ContenderFile): Promise<Probe> {
  return JSON.parse(await start(file, ['probe'], probeLimit)) as Probe
}

/** Runs one trial in a process of its own; throws with the reason where it fails. */
export async function measure(file: ContenderFile, task: Task, limit: number): Promise<Trial> {
  const began = performance.now()
  const answer = await start(file, toWords(task), limit)
  const seconds = (performance.now() - began) / 1000
  const trial = parseWithNaN(answer) as Trial
  return trial.skipped === undefined ? { value: seconds, ...trial } : trial
}

/** The last line that a contender prints. */
async function start(
  { command, words }: ContenderFile,
  more: readonly string[],
  limit: number,
): Promise<string> {
  try {
    const { stdout } = await run(command, [...words, ...more], {
      timeout: limit * 1000,
      killSignal: 'SIGKILL',
      maxBuffer: 2 ** 26,
      env: {
        ...process.env,
        PYTHONPATH: join(root, 'bench'),
        PYTHONDONTWRITEBYTECODE: '1',
      },
    })
    return stdout.trimEnd().split('\n').at(-1) ?? ''
  } catch (error) {
    throw new Error(reasonOf(error, command, limit), { cause: error })
  }
}

function reasonOf(error: unknown, command: string, limit: number): string {
  const { code, killed, stderr } = error as { code?: unknown; killed?: boolean; stderr?: string }
  if (code === 'ENOENT') return `${command} is not there`
  if (killed === true) return `stopped after ${limit} s`
  const lines = (stderr ?? '').split('\n').filter((line) => line.trim() !== '')
  // Node prints its own version last, Python the error.
  const message = lines.find((line) => /^\w*Error: /.test(line)) ?? lines.at(-1)
  return message?.replace(/^\w*Error: /, '') ?? String(error)
}
