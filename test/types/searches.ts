import type {
  BuildContext,
  DataScores,
  Dataset,
  Experiment,
  HalvingResult,
  Scores,
  Spread,
  Trial,
} from '../../lib/index.js'
import {
  choice,
  crossValidate,
  gridSearch,
  halvingSearch,
  integer,
  logspace,
  logUniform,
  randomSearch,
  Trainer,
  validationCurve,
} from '../../lib/index.js'
import type { Equal } from './equal.js'
import { is } from './equal.js'

// Types that follow from what a search is given: points from the grid, scores from the Trainer's
// metrics and the names of the data sets. Nothing here is run.

declare const train: Dataset
declare const dev: Dataset
declare const trainer: Trainer<'accuracy'>
const data = { train, dev }

export async function grids() {
  const result = await gridSearch({
    grid: { learningRate: logspace(-5, 1, 7), activation: ['relu', 'tanh'] },
    data,
    build: (point, context) => {
      is<Equal<typeof context, BuildContext>>()
      is<Equal<typeof point.learningRate, number>>()
      is<Equal<typeof point.activation, 'relu' | 'tanh'>>()
      // @ts-expect-error -- no such option
      return point.l2 === 0 ? trainer : { trainer }
    },
  })
  const scores = result.best?.scores
  is<Equal<typeof scores, DataScores<'accuracy', typeof data> | undefined>>()
  is<Equal<NonNullable<typeof scores>['dev'], Scores<'accuracy'>>>()
  is<Equal<NonNullable<typeof scores>['dev']['accuracy'], number>>()
  // @ts-expect-error -- no such data set
  scores?.test
  // @ts-expect-error -- what is trained on is missing
  gridSearch({ grid: { a: [1] }, data: { dev }, build: () => trainer })
  // @ts-expect-error -- no Trainer
  gridSearch({ grid: { a: [1] }, data, build: () => 5 })
}

export function spaces() {
  const space = { rate: logUniform(1e-5, 1), units: integer(1, 9), name: choice(['a', 'b']), flag: [true, false] } // prettier-ignore
  const build = (point: { rate: number; units: number; name: 'a' | 'b'; flag: boolean }) =>
    point.flag ? trainer : Promise.resolve(trainer)
  const random = randomSearch({ space, trials: 3, data, build })
  void random.then(({ trials }) => trials[0]?.point.name === 'a')
  const halving = halvingSearch({ grid: { l2: [0, 1] }, epochs: 9, data, build: () => trainer })
  interface Point {
    readonly l2: 0 | 1
  }
  is<Equal<typeof halving, Experiment<Trial<Point, 'accuracy', typeof data>, HalvingResult<Point, 'accuracy', typeof data>>>>() // prettier-ignore
  // @ts-expect-error -- neither a grid nor a space
  halvingSearch({ epochs: 9, data, build: () => trainer })
}

export async function folds() {
  const { scores } = await crossValidate({ data: train, folds: 5, build: () => trainer })
  is<Equal<typeof scores.validation.accuracy, Spread>>()
  const own = await crossValidate({ folds: [{ train, dev }], build: () => trainer })
  is<Equal<typeof own.scores.dev.loss, Spread>>()
  // @ts-expect-error -- no such data set
  own.scores.validation
  await validationCurve({
    values: { l2: [0, 1] },
    data: train,
    build: ({ l2 }) => (l2 > 0 ? trainer : trainer),
  })
}
