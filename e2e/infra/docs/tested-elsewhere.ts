/** Commands that another test runs, or checks if nothing here can run them; `says` occurs in that file. */
export const TESTED_ELSEWHERE: readonly { command: RegExp; file: string; says: string }[] = [
  {
    command: /^(npm ci && )?npm start$/,
    file: 'packages/local-stack/test/run-claimcheck.integration.test.ts',
    says: "toContain('Claimcheck is ready')",
  },
  { command: /^(npm ci && )?npm test$|^npm ci$/, file: 'e2e/run-tests.ts', says: 'passed, ' },
  {
    command: /^npm run docs$/,
    file: 'scripts/docs/docs.test.ts',
    says: 'npm run docs writes',
  },
  {
    command: /^npm run lint:prose\b/,
    file: 'scripts/prose/find-odd-words.test.ts',
    says: 'no file has an odd word',
  },
  {
    command: /^npm run (check|test:(unit|integration|e2e|drills|all))( -- \S+)?$/,
    file: 'e2e/run-tests.ts',
    says: 'const LAYERS',
  },
  { command: /^npm run test:watch$/, file: 'vitest.config.ts', says: "name: 'unit'" },
  {
    command: /^npm run test:stack$/,
    file: 'e2e/setup/run-stack.ts',
    says: 'The test stack is ready',
  },
  {
    command: /^npm run release( -- \d.*)?$/,
    file: 'scripts/release/release.test.ts',
    says: 'a release sets one version everywhere',
  },
  { command: /^npm run (typecheck|lint|format)$/, file: 'e2e/run-tests.ts', says: "'format and lint'" },
  {
    command: /^npm run schemas$/,
    file: 'packages/contracts/src/broker-events.test.ts',
    says: 'npm run schemas writes them',
  },
  {
    command:
      /^git show HEAD:prisma\/schema\.prisma \| DATABASE_URL=… npx node packages\/database\/scripts\/schema-diff\.ts -$/,
    file: 'packages/database/test/migrate.integration.test.ts',
    says: 'schemaDiff(',
  },
  {
    command: /^npm run postinstall$/,
    file: 'e2e/infra/upgrade/previous-release.ts',
    says: 'packages/database/scripts/generate.mjs',
  },
  {
    command: /^docker compose -f infra\/compose\.demo\.yaml up$/,
    file: 'e2e/infra/compose-demo.e2e.test.ts',
    says: 'accepts its environment',
  },
  {
    command: /^docker compose -f infra\/compose\.yaml /,
    file: 'e2e/infra/compose.e2e.test.ts',
    says: 'takes its environment',
  },
  {
    command: /^docker build -f infra\/Dockerfile --target (app|worker) /,
    file: 'e2e/soak/image.soak.test.ts',
    says: "'infra/Dockerfile'",
  },
  {
    command: /^kubectl get pods -l app\.kubernetes\.io\/instance=claimcheck$/,
    file: 'e2e/infra/chart-platform.e2e.test.ts',
    says: "'app.kubernetes.io/instance'",
  },
  {
    command: /^helm test( claimcheck --logs)?$/,
    file: 'e2e/infra/chart-platform.e2e.test.ts',
    says: 'helm test runs the doctor',
  },
  {
    command: /^kubectl create secret generic claimcheck /,
    file: 'e2e/infra/chart-readme.e2e.test.ts',
    says: 'the Secret of the README',
  },
  {
    command: /^helm (install|upgrade) claimcheck infra\/helm\/claimcheck/,
    file: 'e2e/infra/chart.e2e.test.ts',
    says: 'lintChart(',
  },
  {
    command: /^kubectl (get job |wait --for=condition=complete job\/)claimcheck-migrations\b/,
    file: 'e2e/infra/chart.e2e.test.ts',
    says: 'the migrations run before the new pods',
  },
  {
    command: /^kubectl exec deploy\/claimcheck-api -- node apps\/api\/src\/cli\/claimcheck\.ts( doctor)?$/,
    file: 'e2e/infra/broker-users.e2e.test.ts',
    says: "runClaimcheck(system.apiEnv, 'doctor'",
  },
  {
    command: /^npm run capacity$/,
    file: 'e2e/infra/capacity.e2e.test.ts',
    says: 'npm run capacity writes them',
  },
  {
    command: /^npm run chart-values$/,
    file: 'e2e/infra/chart-readme.e2e.test.ts',
    says: 'npm run chart-values writes it',
  },
  { command: /^npm run corpus$/, file: 'package.json', says: 'run-soak.ts corpus' },
  { command: /^helm test$/, file: 'e2e/infra/chart.e2e.test.ts', says: 'Pod' },
  { command: /^npx lefthook install$/, file: 'lefthook.yml', says: 'pre-push' },
  {
    command: /^npm run (build|reference) -w @claimcheck\/client$/,
    file: 'packages/client/package.json',
    says: '"build": "node scripts/build.ts && node scripts/write-reference.ts --check"',
  },
  {
    command:
      /^(npx turbo run build --filter=@claimcheck\/client|npm pack \.\/packages\/client\/dist |npm install \/tmp\/claimcheck-client-)/,
    file: 'e2e/sdk/package.e2e.test.ts',
    says: 'the package is self-contained',
  },
  { command: /^npm sbom$/, file: 'e2e/infra/image.e2e.test.ts', says: 'npm sbom --omit=dev' },
];

/** Commands whose result comes from another service, and may change any day. */
export const NOT_OURS: readonly RegExp[] = [
  // The registry's advisories, if it has that service.
  /^npm audit --omit=dev$/,
];
