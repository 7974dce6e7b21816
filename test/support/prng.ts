export { Prng } from '../../src/sim/prng.js';
