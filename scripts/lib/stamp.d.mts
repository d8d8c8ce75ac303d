export function onceFor(
  name: string,
  recipe: { inputs: string[]; outputs: string[]; salt?: string },
  make: () => void | Promise<void>,
): Promise<boolean>;
