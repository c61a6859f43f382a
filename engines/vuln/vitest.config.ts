// @boundaries-ignore one shared test configuration for the whole checkout
import shared from '../../vitest.shared.ts';

// The CVSS library is written for bundlers (imports without file names): tests bundle it as the engine's build does.
export default { ...shared, test: { ...shared.test, server: { deps: { inline: ['@pandatix/js-cvss'] } } } };
