import { readFile } from 'node:fs/promises'
import { decodeModel } from '../formats/model.js'
import { decodeSafetensors } from '../formats/safetensors.js'
import { Model } from '../model.js'
import { buildNetwork } from '../network.js'
import { preparationsOf, targetTransformerOf } from './model_file.js'
import { columnLines, listed } from './training_result.js'

/** What a file holds, as plain values. */
type Contents = Awaited<ReturnType<typeof readContents>>

/**
 * Reads what a file of a model or a network holds.
 *
 * @throws GemmnetError `ERR_BAD_FILE` if it is none; the system's error if it cannot be read
 */
export async function readContents(path: string) {
  const bytes = await readFile(path)
  const file = decodeModel(bytes, path)
  const { format, formatVersion } = decodeSafetensors(bytes, path).metadata
  const network = buildNetwork(file)
  const pipeline = file.preparation === undefined ? undefined : (await Model.load(path)).pipeline
  return {
    file: path,
    bytes: bytes.length,
    format,
    formatVersion,
    holds: pipeline === undefined ? 'a network' : 'a model: a network with its preparation',
    network: {
      inputs: network.inputs,
      outputs: network.outputs,
      dtype: network.dtype,
      parameters: network.parameterCount,
      layers: network.layers.map(({ description }) => description),
      summary: network.summary(),
    },
    ...(pipeline !== undefined && {
      preparation: {
        columns: preparationsOf(pipeline),
        features: pipeline.outputs,
        target: pipeline.target,
        targetTransformer: targetTransformerOf(pipeline),
        classes: pipeline.classes,
        sampleWeights: pipeline.sampleWeights,
      },
    }),
  }
}

/** The same for people. */
export function contentsToText(contents: Contents): string {
  const { file, bytes, holds, format, formatVersion, network, preparation } = contents
  const head = [
    `${file}: ${holds}`,
    `${bytes} bytes, format ${format ?? 'unknown'} ${formatVersion ?? ''}`.trimEnd(),
    '',
    network.summary,
  ]
  if (preparation === undefined) return head.join('\n')
  const { columns, features, target, targetTransformer, classes } = preparation
  const through = targetTransformer === undefined ? '' : `, through ${targetTransformer}`
  return [
    ...head,
    '',
    ...columnLines(columns, features.length),
    `Target: ${target.join(', ') || 'not said'}${through}`,
    ...(classes === undefined
      ? []
      : [`Classes: ${classes.length} (${listed(classes.map(String))})`]),
  ].join('\n')
}
