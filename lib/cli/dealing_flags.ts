import { Option } from 'commander'
import { checks, trainerOptions } from '../options/index.js'
import { Failure } from './failure.js'
import { numberFlag, parseNumbers } from './flags.js'
import { partNames } from './parts.js'

// How the rows of a file are dealt: `diagnose` deals them as `train` did.

/** Of train, dev and test. */
export const defaultSplit: readonly number[] = [0.7, 0.15, 0.15]

/** The flags of a Dealing. */
export function dealingFlags(): Option[] {
  return [
    new Option('--split <list>', 'shares of train, dev and test, separated by commas')
      .default(defaultSplit, defaultSplit.join(','))
      .argParser(parseShares),
    new Option('--groups <column>', 'column whose rows of one value stay together'),
    new Option(
      '--time <column>',
      'column by which train, dev and test follow one another',
    ).conflicts('groups'),
    numberFlag(
      '--seed',
      trainerOptions.seed.check,
      'seed of the split, of the initial weights and of the order of the rows',
    ).default(0),
  ]
}

function parseShares(text: string): readonly number[] {
  const shares = parseNumbers('--split', checks.positiveFraction, text).map(Number)
  const sum = shares.reduce((total, share) => total + share, 0)
  if (shares.length >= 2 && shares.length <= partNames.length && sum < 1 + 1e-9) return shares
  throw new Failure(
    'Expected `--split` to be two or three numbers that sum to at most 1: train, dev and test',
    { exitCode: 2 },
  )
}
