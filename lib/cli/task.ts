import type { Column } from '../data/column.js'
import { show } from '../errors.js'
import { Failure } from './failure.js'
import { decimalCommas, hasDecimalCommas, strayText } from './feature_choice.js'

/** What a network can be trained for. */
export const tasks = ['classification', 'regression'] as const
export type Task = (typeof tasks)[number]

/** Above these a column of whole numbers is one of amounts, not of classes. */
const most = { classes: 20, classesPerRow: 1 / 5 }
/** Above this a column of texts is one of names, not of classes. */
const mostTextsPerRow = 1 / 2

/**
 * Which task a target is for: texts, and whole numbers of few values, are classes.
 *
 * @param wanted - the task, if the user has said it
 * @returns the task, and what the target has that speaks for it
 * @throws Failure if the target is good for no task, or not for the one wanted
 */
export function taskOf(
  name: string,
  column: Column,
  wanted: Task | undefined,
): { readonly task: Task; readonly values: string } {
  const different = countDifferent(column)
  const refuse = (reason: string) =>
    new Failure(`Column ${show(name)} ${reason}`, { exitCode: wanted === undefined ? 1 : 2 })
  if (column.type === 'date') throw refuse('holds dates: a target has numbers or classes')
  if (different < 2) throw refuse('has one value only: there is nothing to predict')
  if (column.type === 'category') {
    if (wanted === undefined && hasDecimalCommas(column)) throw refuse(decimalCommas)
    if (wanted === 'regression')
      throw refuse(`holds texts: regression needs numbers${strayText(column)}`)
    if (different > mostTextsPerRow * column.codes.length && different > most.classes)
      throw refuse(
        `has ${different} different texts in ${column.codes.length} rows, not classes${strayText(column)}`,
      )
    return { task: 'classification', values: `${different} texts` }
  }
  const { values } = column
  const isWhole = values.every((value: number) => Number.isInteger(value))
  const isFew = different <= Math.min(most.classes, Math.max(2, most.classesPerRow * values.length))
  const kind = isWhole ? 'whole numbers' : 'numbers'
  return {
    task: wanted ?? (isWhole && isFew ? 'classification' : 'regression'),
    values: `${different} ${kind}`,
  }
}

function countDifferent(column: Column): number {
  const values = column.type === 'category' ? column.codes : column.values
  const met = new Set<number>(values)
  met.delete(column.type === 'category' ? -1 : NaN)
  return met.size
}
