import type { Express } from 'express';

interface Layer {
  route?: { path: string; methods: Record<string, boolean> } | undefined;
  handle: { stack?: Layer[] };
  slash?: boolean;
  match(path: string): boolean;
}

/** Mount points of routers besides the root. A new one appears as routes under an unknown mount. */
const MOUNTS = ['/v1/uploads'];

const mountOf = (layer: Layer): string =>
  layer.slash === true ? '' : (MOUNTS.find((path) => layer.match(path)) ?? '(unknown mount)');

const collect = (stack: readonly Layer[], prefix: string): string[] =>
  stack.flatMap((layer) => {
    const { route, handle } = layer;
    if (route !== undefined)
      return Object.keys(route.methods).map(
        (method) =>
          `${method === '_all' ? 'ALL' : method.toUpperCase()} ${prefix}${route.path === '/' ? '' : route.path}`,
      );
    return handle.stack === undefined ? [] : collect(handle.stack, prefix + mountOf(layer));
  });

/** Returns every route of the application, once, as `METHOD /path/:parameter`. */
export const routesOf = (app: Express): string[] => [
  ...new Set(collect(app.router.stack as unknown as Layer[], '')),
];
