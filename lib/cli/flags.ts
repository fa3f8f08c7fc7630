import { Option } from 'commander'
import { toPath } from '../formats/file.js'
import type { OptionTable } from '../options/index.js'
import { csvOptions, encodings, trainerOptions } from '../options/index.js'
import { checkUsage } from './failure.js'

/** What every training program takes. */
export interface TrainingFlags {
  readonly epochs: number
  readonly batchSize: number
  readonly learningRate: number
  readonly seed: number
  readonly threads?: number
  readonly output?: string
}

type Check = OptionTable[string]['check']

/** A flag for a number, with the library's own check. */
export function numberFlag(name: string, check: Check, description: string): Option {
  return new Option(`${name} <number>`, description).argParser((text) => {
    const value = text.trim() === '' ? NaN : Number(text)
    // What is no number is shown as it was written.
    return checkUsage(() => check(name, Number.isNaN(value) ? text : value))
  })
}

/** A flag for a file or a folder. */
export function pathFlag(name: string, what: 'file' | 'folder', description: string): Option {
  return new Option(`${name} <${what}>`, description).argParser((text) => {
    checkUsage(() => toPath(name, text))
    return text
  })
}

/** The flag for results that programs read: one JSON value, on standard output. */
export function jsonFlag(): Option {
  return new Option('--json', 'print the results as JSON, when all are there')
}

/** The flag for how the bytes of files of rows are text. */
export function encodingFlag(): Option {
  return new Option('--encoding <name>', 'how the bytes of .csv and .tsv files are text')
    .choices(encodings)
    .default(csvOptions.encoding.default)
}

/** A flag for names, separated by commas; one with a comma stands in double quotes, as in CSV. */
export function namesFlag(name: string, description: string): Option {
  return new Option(`${name} <list>`, description).argParser((text) =>
    Array.from(text.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/g), ([, quoted, plain]) =>
      quoted === undefined ? (plain ?? '').trim() : quoted.replaceAll('""', '"'),
    ).filter((part) => part !== ''),
  )
}

/** What {@link namesFlag} reads these names from. */
export function toList(names: readonly unknown[]): string {
  return names
    .map(String)
    .map((name) => (/[",]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name))
    .join(',')
}

/** A flag for numbers, separated by commas, with the library's own check of each. */
export function numbersFlag(name: string, check: Check, description: string): Option {
  return new Option(`${name} <list>`, description).argParser((text) =>
    parseNumbers(name, check, text),
  )
}

/** Numbers separated by commas. */
export function parseNumbers(name: string, check: Check, text: string): unknown[] {
  return checkUsage(() =>
    text.split(',').map((part) => {
      const value = part.trim() === '' ? NaN : Number(part)
      return check(name, Number.isNaN(value) ? part : value)
    }),
  )
}

/** The flags of {@link TrainingFlags}. */
export function trainingFlags(
  defaults: TrainingFlags & { readonly checkLearningRate: Check },
): Option[] {
  const { epochs, batchSize, learningRate, seed, output, checkLearningRate } = defaults
  const check = trainerOptions
  return [
    numberFlag('--epochs', check.epochs.check, 'passes over the training set').default(epochs),
    numberFlag('--batch-size', check.batchSize.check, 'rows per step').default(batchSize),
    numberFlag('--learning-rate', checkLearningRate, 'step size').default(learningRate),
    numberFlag(
      '--seed',
      check.seed.check,
      'seed of the initial weights and of the order of the rows',
    ).default(seed),
    numberFlag(
      '--threads',
      check.threads.check,
      'threads of a step; results do not depend on it (default: by the work in a step)',
    ),
    pathFlag('--output', 'file', 'safetensors file to save the network to').default(output),
  ]
}
