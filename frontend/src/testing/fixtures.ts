/** Answers of an imagined service, in the shapes of the contract: for component tests and for looking at the pages. */
export * from './fixtures/cycles'
export * from './fixtures/data'
export * from './fixtures/exports'
export * from './fixtures/people'
export * from './fixtures/project'
export * from './fixtures/quality'
export * from './fixtures/review'
export { page } from './fixtures/shared'
