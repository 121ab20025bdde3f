/** The gallery's wire types, under short names. */
import type { components } from '../api/schema.gen'

type Schemas = components['schemas']

export type GalleryItem = Schemas['GalleryItem']
export type GalleryPage = Schemas['GalleryPage']
export type GalleryCount = Schemas['GalleryCount']
export type ServedModel = Schemas['ServedModel']
export type Label = Schemas['LabelOut']
export type TileView = 'central' | 'sum' | 'max' | 'min'
