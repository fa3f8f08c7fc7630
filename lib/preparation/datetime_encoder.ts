import type { Column } from '../data/column.js'
import { whatHolds } from '../data/column.js'
import { show } from '../errors.js'
import type { DatetimeEncoderOptions } from '../options/index.js'
import { checkDateParts, dateParts, required } from '../options/index.js'
import type { Learned, Position } from './column_transformer.js'
import { ColumnTransformer } from './column_transformer.js'

const day = 86_400_000 // milliseconds
const week = 7 * day
/** A Monday, from which weeks are counted. */
const monday = Date.UTC(1970, 0, 5)

const learnedFields = {
  parts: required(checkDateParts),
}
type Fields = typeof learnedFields

/**
 * Makes numbers of dates (skrub's DatetimeEncoder with circular encoding): the year with its
 * fraction, and where in the year, the week and the day a date is, each as sine and cosine of the
 * angle, so that the end is next to the beginning. A weekday is a whole one, from Monday on. All in
 * UTC; a missing date makes NaN.
 *
 * @example
 * const encoder = new DatetimeEncoder({ parts: ['year', 'hour'] })
 * encoder.fitTransform([new Date('2024-07-02T06:00Z')]).data // [2024.5.., 1, 0]
 */
export class DatetimeEncoder extends ColumnTransformer<'DatetimeEncoder', Fields> {
  constructor(options?: DatetimeEncoderOptions) {
    super('DatetimeEncoder', learnedFields, options)
  }

  protected learn(column: Column, { name, before }: Position<Fields>) {
    const values = datesOf(column, name)
    const { parts } = this.options
    if (parts !== undefined) return { parts }
    const isMidnight = values.every((time) => Number.isNaN(time) || within(time, day) === 0)
    const hasHours = !isMidnight || (before?.parts.includes('hour') ?? false)
    return { parts: dateParts.filter((part) => part !== 'hour' || hasHours) }
  }

  protected outputs(name: string, { parts }: Learned<Fields>): readonly string[] {
    return parts.flatMap((part) =>
      part === 'year' ? [`${name}_year`] : [`${name}_${part}_sin`, `${name}_${part}_cos`],
    )
  }

  protected apply(column: Column, { parts }: Learned<Fields>, name: string): readonly Column[] {
    const dates = datesOf(column, name)
    return parts
      .flatMap((part) => {
        if (part === 'year') return [yearsOf(dates)]
        const angles = fractionsOf[part](dates).map((fraction) => 2 * Math.PI * fraction)
        return [angles.map(Math.sin), angles.map(Math.cos)]
      })
      .map((values) => ({ type: 'number', values }))
  }
}

function datesOf(column: Column, name: string): Float64Array {
  if (column.type === 'date') return column.values
  throw new TypeError(
    `Column ${show(name)} holds ${whatHolds(column.type)}, DatetimeEncoder takes dates`,
  )
}

/** The years, and how much of them is over. */
function yearsOf(dates: Float64Array): Float64Array {
  let [year, begin, end] = [NaN, NaN, NaN] // of the date before, which is often the same year
  return dates.map((time) => {
    if (!(begin <= time && time < end)) {
      year = new Date(time).getUTCFullYear()
      begin = beginOf(year)
      end = beginOf(year + 1)
    }
    return year + (time - begin) / (end - begin)
  })
}

/** Not `Date.UTC`, which takes the years 0 to 99 for those of the 20th century. */
function beginOf(year: number): number {
  return new Date(0).setUTCFullYear(year, 0, 1)
}

/** How much of a period is over, in [0, 1). */
const fractionsOf = {
  dayOfYear: (dates: Float64Array) => yearsOf(dates).map((year) => year - Math.floor(year)),
  weekday: (dates: Float64Array) =>
    dates.map((time) => Math.floor(within(time - monday, week) / day) / 7),
  hour: (dates: Float64Array) => dates.map((time) => within(time, day) / day),
}

function within(time: number, period: number): number {
  return ((time % period) + period) % period
}
