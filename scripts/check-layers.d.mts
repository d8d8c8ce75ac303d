/** Every violation under `top` as `file:line: what`. Empty: the layers hold. */
export function layerViolations(top: string): string[];
