import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { GemmnetError, rangeError } from './errors.js'
import type { FitControl } from './fit.js'
import type { FilePath } from './formats/file.js'
import { toPath } from './formats/file.js'
import type { FloatArray } from './matrix.js'
import type { Direction, Score } from './monitor.js'
import { directionOf, isBetter, numbers } from './monitor.js'
import type { OptionsOf } from './options/index.js'
import {
  complete,
  csvLoggerOptions,
  earlyStoppingOptions,
  modelCheckpointOptions,
  reduceOnPlateauOptions,
} from './options/index.js'
import type { BatchReport, EpochReport } from './report.js'

/** What every fit's reports have, whatever its metrics and its validation sets. */
export type GeneralReport = Omit<EpochReport, 'validation' | 'train'>

/** A callback that goes with every fit. */
export interface GeneralCallback {
  /** As {@link Callback.onFitBegin}. */
  onFitBegin?(fit: FitControl): void | Promise<void>
  /** As {@link Callback.onEpochEnd}. */
  onEpochEnd?(report: GeneralReport, fit: FitControl): void | Promise<void>
  /** As {@link Callback.onBatchEnd}. */
  onBatchEnd?(report: BatchReport, fit: FitControl): void | Promise<void>
  /** As {@link Callback.onFitEnd}. */
  onFitEnd?(fit: FitControl): void | Promise<void>
}

/** What of a report is no score. */
const circumstances = [
  'epoch',
  'phase',
  'learningRate',
  'evaluations',
  'seconds',
  'rowsPerSecond',
] as const

/** Finds the score of that name, or of the default one. */
function findScore(
  report: GeneralReport,
  monitor: string | undefined,
  direction: 'auto' | Direction,
): Score {
  const scores = new Map(numbers(report))
  for (const name of circumstances) scores.delete(name)
  const names = [...scores.keys()]
  const path = monitor ?? names.find((name) => /^validation\.(.*\.)?loss$/s.test(name)) ?? 'loss'
  const value = scores.get(path)
  if (value === undefined) throw rangeError('monitor', `one of ${names.join(', ')}`, path)
  return { value, direction: directionOf(path, direction) }
}

/** scikit-learn's rule: a score that is better by just `minDelta` is enough. */
function isEnough(
  { value, direction }: Score,
  than: number | undefined,
  minDelta: number,
): boolean {
  if (than === undefined) return !Number.isNaN(value)
  return direction === 'min' ? value <= than - minDelta : value >= than + minDelta
}

/**
 * Stops a fit whose score has not become better for `patience` epochs, at the end of that epoch, as
 * Keras's EarlyStopping does, or, with `conventions: 'sklearn'`, as scikit-learn's `tol` and
 * `n_iter_no_change`. A NaN is no improvement.
 *
 * `restoreBest` holds however the fit ends: by itself, by this or another callback, by leaving the
 * loop, by a signal, or by an error such as a loss that is not finite.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range;
 * the fit rejects with a RangeError if it has no score of that name
 *
 * @example
 * await trainer.fit(train, {
 *   validation: { dev, trainDev },
 *   callbacks: [earlyStopping({ monitor: 'validation.dev.accuracy', patience: 5, restoreBest: true })],
 * })
 */
export function earlyStopping(
  options: OptionsOf<typeof earlyStoppingOptions> = {},
): GeneralCallback {
  const settings = complete('earlyStopping', earlyStoppingOptions, options)
  const { conventions, monitor, direction, patience, minDelta, baseline, restoreBest, startEpoch } =
    settings
  let epochs = 0
  let waited = 0
  let best: number | undefined
  let weights: FloatArray | undefined

  /** Takes in an epoch's score; whether the patience is at its end. */
  const judge = (score: Score, fit: FitControl): boolean => {
    const sklearn = conventions === 'sklearn'
    const improves = isBetter(score, best, sklearn ? 0 : minDelta)
    const counts = sklearn ? isEnough(score, best, minDelta) : improves
    const beyond = baseline === undefined || isBetter(score, baseline, minDelta)
    waited = counts && beyond ? 0 : waited + 1
    if (improves) best = score.value
    // The first epoch's as well, should no score be a number.
    if (restoreBest && (improves || weights === undefined)) weights = fit.network.parameters
    return sklearn ? waited > patience : !improves && waited >= patience
  }

  return {
    onFitBegin() {
      epochs = 0
      waited = 0
      best = undefined
      weights = undefined
    },
    onEpochEnd(report: GeneralReport, fit: FitControl) {
      // Also where it is not looked at: a wrong name should be known at once.
      const score = findScore(report, monitor, direction)
      if (++epochs > startEpoch && judge(score, fit)) fit.stop()
    },
    onFitEnd(fit: FitControl) {
      if (weights !== undefined) fit.network.parameters = weights
      weights = undefined
    },
  }
}

/**
 * Multiplies the learning rate with `factor` whenever a score has not become better for `patience`
 * epochs, as Keras's ReduceLROnPlateau does, or PyTorch's with `conventions: 'torch'`. What it
 * multiplies is the rate of a schedule, or of a function, too. A NaN is no improvement.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range;
 * the fit rejects with a RangeError if it has no score of that name
 */
export function reduceOnPlateau(
  options: OptionsOf<typeof reduceOnPlateauOptions> = {},
): GeneralCallback {
  const settings = complete('reduceOnPlateau', reduceOnPlateauOptions, options)
  const { monitor, direction, factor, patience, minDelta, cooldown, minRate, conventions } =
    settings
  const torch = conventions === 'torch'
  let waited = 0
  let cooling = 0
  let best: number | undefined

  const improves = (score: Score): boolean => {
    if (!torch || best === undefined) return isBetter(score, best, minDelta)
    return isBetter(score, best * (score.direction === 'min' ? 1 - minDelta : 1 + minDelta))
  }

  return {
    onFitBegin() {
      waited = 0
      cooling = 0
      best = undefined
    },
    onEpochEnd(report: GeneralReport, fit: FitControl) {
      const score = findScore(report, monitor, direction)
      const cooled = cooling > 0
      if (cooled) cooling--
      // Keras counts the epoch in which the cooling ends, PyTorch does not.
      const counts = torch ? !cooled : cooling === 0
      if (cooled) waited = 0
      if (improves(score)) {
        best = score.value
        waited = 0
      } else if (counts) {
        waited++
      }
      if (waited === 0 || waited < patience + (torch ? 1 : 0)) return
      const { learningRate } = report // 0 in a quasi-Newton phase, where nothing is to be reduced
      const reduced = Math.max(factor * learningRate, minRate)
      if (learningRate - reduced > (torch ? 1e-8 : 0)) fit.scaleLearningRate(reduced / learningRate)
      else if (!torch) return // Keras goes on counting
      cooling = cooldown
      waited = 0
    },
  }
}

/**
 * Writes the network to a file after epochs, as `Network.save` does: the file is replaced as a
 * whole.
 *
 * @param path - the file; `{epoch}` in it becomes the epoch's number
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range;
 * the fit rejects with the system's error if the file cannot be written, and with a RangeError if
 * `bestOnly` has no score of that name
 *
 * @example
 * modelCheckpoint('best.safetensors', { bestOnly: true, monitor: 'validation.accuracy' })
 */
export function modelCheckpoint(
  path: FilePath,
  options: OptionsOf<typeof modelCheckpointOptions> = {},
): GeneralCallback {
  const file = toPath('path', path)
  const settings = complete('modelCheckpoint', modelCheckpointOptions, options)
  const { monitor, direction, bestOnly, every } = settings
  let best: number | undefined
  return {
    async onEpochEnd(report: GeneralReport, fit: FitControl) {
      if (report.epoch % every !== 0) return
      if (bestOnly) {
        const score = findScore(report, monitor, direction)
        if (!isBetter(score, best)) return
        best = score.value
      }
      await fit.network.save(file.replaceAll('{epoch}', String(report.epoch)))
    },
  }
}

/**
 * Writes a line of a CSV file (RFC 4180, but for its line ends, which are line feeds) for each
 * epoch: the epoch's number, the other numbers of the report by name, those of validation sets as
 * `validation.dev.loss`; the first line names them. Matrices are left out. An existing file is
 * replaced when the fit begins, unless lines are to be appended.
 *
 * @throws TypeError for a wrong option, or if `path` is no path; the fit rejects with the system's
 * error if the file cannot be written, and with `ERR_BAD_FILE` if lines are to be appended to a file
 * of other columns
 */
export function csvLogger(
  path: FilePath,
  options: OptionsOf<typeof csvLoggerOptions> = {},
): GeneralCallback {
  const file = toPath('path', path)
  const { append } = complete('csvLogger', csvLoggerOptions, options)
  let begun = false
  return {
    async onFitBegin() {
      begun = false
      // Before the training: a file that cannot be written is better known now.
      await (append ? appendFile(file, '') : writeFile(file, ''))
    },
    async onEpochEnd(report: GeneralReport) {
      const { epoch, ...others } = report
      const columns: [string, number][] = [['epoch', epoch], ...numbers(others)]
      const header = csvLine(columns.map(([name]) => name))
      if (!begun) await beginCsv(file, header)
      begun = true
      await appendFile(file, csvLine(columns.map(([, value]) => String(value))))
    },
  }
}

/** Writes the names of the columns, if the file has none yet. */
async function beginCsv(file: string, header: string): Promise<void> {
  const present = await readFile(file, 'utf8')
  if (present === '') await appendFile(file, header)
  else if (!present.startsWith(header))
    throw new GemmnetError(
      'ERR_BAD_FILE',
      `${file}: no line of this fit can be appended, its columns are others: ${header.trimEnd()}`,
      { path: file },
    )
}

function csvLine(fields: readonly string[]): string {
  const quoted = fields.map((field) =>
    /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field,
  )
  return `${quoted.join(',')}\n`
}
