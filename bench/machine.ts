import { machineFacts } from '../lib/benchmark/machine.js'
import type { Machine } from './report.js'

/** What the figures were measured on. */
export function thisMachine(): Machine {
  const { threads, blas, ...facts } = machineFacts()
  return {
    ...facts,
    date: new Date().toISOString().slice(0, 10),
    processors: threads,
    blas: blas.split(' ', 2).join(' '), // without the options it was built with
  }
}
