export const folder: string;
export const object: string;
export const record: string;
export function compile(to: string): Promise<void>;
export function origin(): { sources: string; clang?: string; preprocessed?: string };
