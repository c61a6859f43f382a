/** For the first line that the build puts in front of a bundle. Not part of what an author imports. */
export { revealEngine } from './define-engine.ts';
