import { appendFile, writeFile } from 'node:fs/promises'
import { rangeError } from './errors.js'
import type { FitControl } from './fit.js'
import type { FilePath } from './formats/file.js'
import { toPath } from './formats/file.js'
import type { FloatArray } from './matrix.js'
import type { OptionsOf, SettingsOf } from './options/index.js'
import {
  complete,
  earlyStoppingOptions,
  modelCheckpointOptions,
  monitorOptions,
  reduceOnPlateauOptions,
} from './options/index.js'

/** A report of any fit, as a callback that looks for scores by name reads it. */
interface AnyReport {
  readonly epoch: number
  readonly learningRate: number
  readonly loss: number
}

/** A callback that works with every fit. */
export interface GeneralCallback {
  onFitBegin?(fit: FitControl): void | Promise<void>
  onEpochEnd?(report: AnyReport, fit: FitControl): void | Promise<void>
  onFitEnd?(fit: FitControl): void | Promise<void>
}

type MonitorOptions = OptionsOf<typeof monitorOptions>

/** Follows one score over the epochs. */
class Monitor {
  #best: number | undefined
  readonly #name: string | undefined
  readonly #direction: 'auto' | 'min' | 'max'
  readonly #minDelta: number

  constructor(settings: SettingsOf<typeof monitorOptions>, minDelta: number) {
    this.#name = settings.monitor
    this.#direction = settings.direction
    this.#minDelta = minDelta
  }

  /** Forgets the best, for another fit. */
  reset(): void {
    this.#best = undefined
  }

  /** Whether the epoch is the best so far. */
  improves(report: AnyReport): boolean {
    const name = this.#name ?? validationLoss(report) ?? 'loss'
    const value = findScore(report, name)
    const up = this.#direction === 'auto' ? !isError(name) : this.#direction === 'max'
    const gain = this.#best === undefined ? Infinity : up ? value - this.#best : this.#best - value
    // NaN improves nothing.
    if (!(gain > this.#minDelta) || Number.isNaN(value)) return false
    this.#best = value
    return true
  }
}

/** The loss of the first validation set, if there is one. */
function validationLoss(report: AnyReport): string | undefined {
  const validation: unknown = Reflect.get(report, 'validation')
  if (typeof validation !== 'object' || validation === null) return undefined
  if ('loss' in validation) return 'validation.loss'
  const [first] = Object.keys(validation)
  return first === undefined ? undefined : `validation.${first}.loss`
}

/** The value at a path of names in a report. */
function findScore(report: AnyReport, path: string): number {
  let value: unknown = report
  for (const key of path.split('.'))
    value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  if (typeof value === 'number') return value
  throw rangeError('monitor', `one of ${scoreNames(report).join(', ')}`, path)
}

/** The names of all scores in a report. */
function scoreNames(value: object, prefix = ''): string[] {
  return Object.entries(value).flatMap(([key, entry]: [string, unknown]) => {
    if (typeof entry === 'number') return [prefix + key]
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return []
    return scoreNames(entry, `${prefix}${key}.`)
  })
}

/** Whether less is better: losses, penalties and errors. */
function isError(path: string): boolean {
  return /(loss|penalty|error)$/i.test(path)
}

/**
 * Stops a fit whose score has not become better for `patience` epochs, as Keras does.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range;
 * the fit rejects with a RangeError if it has no score of that name
 *
 * @example
 * trainer.fit(train, {
 *   validation: { dev, trainDev },
 *   callbacks: [earlyStopping({ monitor: 'validation.dev.accuracy', patience: 5, restoreBest: true })],
 * })
 */
export function earlyStopping(
  options: OptionsOf<typeof earlyStoppingOptions> & MonitorOptions = {},
): GeneralCallback {
  const {
    monitor: name,
    direction,
    patience,
    minDelta,
    restoreBest,
    startEpoch,
  } = complete('earlyStopping', { ...earlyStoppingOptions, ...monitorOptions }, options)
  const monitor = new Monitor({ monitor: name, direction }, minDelta)
  let waited = 0
  let best: FloatArray | undefined
  return {
    onFitBegin() {
      monitor.reset()
      waited = 0
      best = undefined
    },
    onEpochEnd(report: AnyReport, fit: FitControl) {
      if (report.epoch < startEpoch) return
      if (monitor.improves(report)) {
        waited = 0
        if (restoreBest) best = fit.network.parameters
      } else if (++waited >= patience) {
        fit.stop()
      }
    },
    onFitEnd(fit: FitControl) {
      if (best !== undefined) fit.network.parameters = best
    },
  }
}

/**
 * Multiplies the learning rate with `factor` whenever a score has not become better for `patience`
 * epochs, as Keras's ReduceLROnPlateau does. It multiplies what a schedule gives, too.
 *
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range;
 * the fit rejects with a RangeError if it has no score of that name
 */
export function reduceOnPlateau(
  options: OptionsOf<typeof reduceOnPlateauOptions> & MonitorOptions = {},
): GeneralCallback {
  const {
    monitor: name,
    direction,
    ...settings
  } = complete('reduceOnPlateau', { ...reduceOnPlateauOptions, ...monitorOptions }, options)
  const { factor, patience, minDelta, cooldown, minRate } = settings
  const monitor = new Monitor({ monitor: name, direction }, minDelta)
  let waited = 0
  let cooling = 0
  return {
    onFitBegin() {
      monitor.reset()
      waited = 0
      cooling = 0
    },
    onEpochEnd(report: AnyReport, fit: FitControl) {
      if (cooling > 0) {
        cooling--
        waited = 0
      }
      if (monitor.improves(report)) waited = 0
      else if (cooling === 0 && ++waited >= patience) {
        const { learningRate } = report
        if (learningRate <= minRate) return
        fit.scaleLearningRate(Math.max(factor, minRate / learningRate))
        cooling = cooldown
        waited = 0
      }
    },
  }
}

/**
 * Writes the network to a file after epochs, as `Network.save` does: the file is replaced as a
 * whole.
 *
 * @param path - the file; `{epoch}` in it becomes the epoch's number
 * @throws TypeError or RangeError for an option that is unknown, of the wrong type or out of range;
 * the fit rejects with the system's error if the file cannot be written
 *
 * @example
 * modelCheckpoint('best.safetensors', { bestOnly: true, monitor: 'validation.accuracy' })
 */
export function modelCheckpoint(
  path: FilePath,
  options: OptionsOf<typeof modelCheckpointOptions> & MonitorOptions = {},
): GeneralCallback {
  const file = toPath('path', path)
  const {
    monitor: name,
    direction,
    bestOnly,
    every,
  } = complete('modelCheckpoint', { ...modelCheckpointOptions, ...monitorOptions }, options)
  const monitor = new Monitor({ monitor: name, direction }, 0)
  return {
    async onEpochEnd(report: AnyReport, fit: FitControl) {
      if (bestOnly ? !monitor.improves(report) : report.epoch % every !== 0) return
      await fit.network.save(file.replaceAll('{epoch}', String(report.epoch)))
    },
  }
}

/**
 * Writes a line of a CSV file for each epoch, with all scores by name; the first line names them.
 * An existing file is replaced when the fit begins.
 *
 * @throws TypeError if `path` is no path; the fit rejects with the system's error if the file cannot
 * be written
 */
export function csvLogger(path: FilePath): GeneralCallback {
  const file = toPath('path', path)
  let names: string[] | undefined
  return {
    onFitBegin() {
      names = undefined
    },
    async onEpochEnd(report: AnyReport) {
      if (names === undefined) {
        names = scoreNames(report)
        await writeFile(file, `${names.join(',')}\n`)
      }
      await appendFile(file, `${names.map((name) => findScore(report, name)).join(',')}\n`)
    },
  }
}
