import { cpus, release, totalmem, type } from 'node:os'
import { native } from '../lib/native.js'
import type { Machine } from './report.js'

/** What the figures were measured on. */
export function thisMachine(): Machine {
  const { version, processors, blas, blasKernel, instructionSet } = native.describe()
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: cpus()[0]?.model.trim() ?? 'unknown processor',
    processors,
    allProcessors: cpus().length,
    memory: totalmem(),
    system: `${type()} ${release()} ${process.arch}`,
    node: process.version,
    gemmnet: version,
    blas: blas.split(' ', 2).join(' '), // without the options it was built with
    blasKernel,
    instructionSet,
  }
}
