import { parseArgs } from 'node:util'

/** What the command line asks for. */
export type Command =
  | { readonly name: 'run' | 'check'; readonly settings: Settings }
  | { readonly name: 'compare'; readonly before: string; readonly after: string }
  | { readonly name: 'readme' | 'model'; readonly files: readonly string[] }
  | { readonly name: 'help' }

/** What to measure, and where the figures go. */
export interface Settings {
  /** Names or groups; none: the default groups. */
  readonly cases: readonly string[]
  /** None: {@link defaultContenders}. */
  readonly contenders: readonly string[]
  /** Threads for the contenders that take a number. None: 1 and all. */
  readonly threads: readonly number[]
  /** Default: 5, and 3 where a case takes long. */
  readonly trials: number | undefined
  readonly seconds: number
  /** Seconds after which a process is stopped. */
  readonly limit: number
  readonly json: string | undefined
  readonly html: string | undefined
  /** The interpreter of the contenders in Python. */
  readonly python: string | undefined
}

/** Those that need nothing but gemmnet's own build. */
export const defaultContenders: readonly string[] = ['gemmnet', 'bare-gemm', 'formula', 'node']

export const help = `npm run bench -- [options]                  measures and prints a table
npm run bench -- compare a.json b.json      prints the ratios of two runs
npm run bench -- readme a.json [b.json...]  writes the figures of runs into README.md
npm run bench -- model a.json [b.json...]   predicts the steps of runs, and those of more cores
npm run bench:check -- [options]            compares ratios with bench/floors.json

  --case NAME        a case or a group; repeat it for several; 'all' for all
  --contender NAME   repeat it for several; 'all' for all that are installed
  --threads N        for contenders that take a number of threads; repeat it for several
  --trials N         processes for each figure (default 5, or 3 for what takes long)
  --seconds S        how long each of them measures (default 0.5)
  --limit S          when a process is stopped (default 120)
  --json FILE        every figure, for compare
  --html FILE        the table with charts
  --python FILE      the interpreter of the contenders in Python`

/** Reads the command line; throws a TypeError or RangeError with a sentence about what is wrong. */
export function readArguments(words: readonly string[]): Command {
  const many = { type: 'string', multiple: true, default: [] as string[] } as const
  const one = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      case: many,
      contender: many,
      threads: many,
      trials: one,
      seconds: { type: 'string', default: '0.5' },
      limit: { type: 'string', default: '120' },
      json: one,
      html: one,
      python: one,
      help: { type: 'boolean', default: false },
    },
  })
  const [name = 'run', ...rest] = positionals
  if (values.help) return { name: 'help' }
  if (name === 'compare') {
    const [before, after] = rest
    if (before === undefined || after === undefined || rest.length > 2)
      throw new RangeError('compare takes two files')
    return { name, before, after }
  }
  if (name === 'readme' || name === 'model') {
    if (rest.length === 0) throw new RangeError(`${name} takes the files of one run or several`)
    return { name, files: rest }
  }
  if (name !== 'run' && name !== 'check') throw new RangeError(`There is no command ${name}`)
  if (rest.length > 0) throw new RangeError(`${name} takes no ${rest.join(' ')}`)
  return {
    name,
    settings: {
      cases: values.case,
      contenders: values.contender,
      threads: values.threads.map((text) => toWhole('threads', text)),
      trials: values.trials === undefined ? undefined : toWhole('trials', values.trials),
      seconds: toPositive('seconds', values.seconds),
      limit: toPositive('limit', values.limit),
      json: values.json,
      html: values.html,
      python: values.python,
    },
  }
}

function toPositive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0 && Number.isFinite(value)))
    throw new RangeError(`--${name} takes a positive number, not ${text}`)
  return value
}

function toWhole(name: string, text: string): number {
  const value = toPositive(name, text)
  if (!Number.isInteger(value)) throw new RangeError(`--${name} takes a whole number, not ${text}`)
  return value
}
