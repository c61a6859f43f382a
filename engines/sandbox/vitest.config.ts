// @boundaries-ignore one shared test configuration for the whole checkout
export { default } from '../../vitest.shared.ts';
