import type { Table } from '../../lib/index.js'
import { readCsv } from '../../lib/index.js'

export const surveysFile = new URL('../../../test/fixtures/portal/surveys.csv.gz', import.meta.url)

/** The animals of test/fixtures/portal, where their source and licence are told. */
export async function loadSurveys(): Promise<Table> {
  return readCsv(surveysFile)
}
