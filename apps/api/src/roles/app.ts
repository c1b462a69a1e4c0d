import { toProblem } from '@claimcheck/contracts/errors';
import { originsOf } from '@claimcheck/platform/process/origins';
import cors from 'cors';
import express, { type Express, type RequestHandler, Router } from 'express';
import helmet from 'helmet';
import { clientReportRoutes } from '../http/client-report-routes.ts';
import { conversationRoutes } from '../http/conversation-routes.ts';
import { devLoginRoutes } from '../http/dev-login-routes.ts';
import { directUploadRoutes } from '../http/direct-upload-routes.ts';
import { downloadRoutes } from '../http/download-routes.ts';
import { erasureRoutes } from '../http/erasure-routes.ts';
import { hlsRoutes } from '../http/hls-routes.ts';
import { mediaRoutes } from '../http/media-routes.ts';
import { mediaUrlRoutes } from '../http/media-url-routes.ts';
import { messageRoutes } from '../http/message-routes.ts';
import { openapiRoutes } from '../http/openapi-routes.ts';
import { referenceRoutes } from '../http/reference-routes.ts';
import { uploadAuthorizationRoutes } from '../http/upload-authorization-routes.ts';
import { userRoutes } from '../http/user-routes.ts';
import { webRoutes } from '../http/web-routes.ts';
import { auditRequests } from '../request/audit-requests.ts';
import { authenticate, authenticateViewer } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { closeUnread, limitBodyBytes, limitBodyTime } from '../request/end-of-request.ts';
import {
  countUploadAttempts,
  identifyRequest,
  observeRequests,
  traceRequests,
} from '../request/observe-requests.ts';
import { sendProblem, toProblemResponse } from '../request/problem-response.ts';
import { limitRate } from '../request/rate-limit.ts';
import type { Uploads } from '../tus/compose.ts';
import { uploadRoutes } from '../tus/upload-routes.ts';

const BODY_BYTES = 64 * 1_024;

const QUOTA_HEADERS = ['Quota-Bytes-Left', 'Quota-Open-Uploads-Left', 'Quota-Uploads-Today-Left'];

const TUS_HEADERS = [
  'Location',
  'Tus-Checksum-Algorithm',
  'Tus-Extension',
  'Tus-Max-Size',
  'Tus-Resumable',
  'Tus-Version',
  'Upload-Complete',
  'Upload-Concat',
  'Upload-Defer-Length',
  'Upload-Draft-Interop-Version',
  'Upload-Expires',
  'Upload-Incomplete',
  'Upload-Length',
  'Upload-Limit',
  'Upload-Metadata',
  'Upload-Offset',
];

const securityHeaders = ({ config, downloadOrigins }: HttpContext): RequestHandler => {
  const { origin: socket } = new URL(config.gatewayPublicUrl.replace(/^http/i, 'ws'));
  // The demo calls PUBLIC_URL, also where the page is open under another name of the same machine.
  const own = ["'self'", new URL(config.publicUrl).origin];
  // Otherwise the bytes come from PUBLIC_URL.
  const media = config.downloadMode === 'redirect' ? [...own, ...downloadOrigins] : own;
  return helmet({
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        // HLS players fetch segments.
        connectSrc: [...media, socket],
        imgSrc: [...media, 'data:', 'blob:'],
        mediaSrc: [...media, 'blob:'],
        styleSrc: ["'self'", "'unsafe-inline'"],
        upgradeInsecureRequests: null,
      },
    },
    // On a developer's machine, the demo and the api also work over plain HTTP; TLS is the proxy's task.
    strictTransportSecurity: false,
    crossOriginResourcePolicy: { policy: 'cross-origin' },
  });
};

const corsPolicy = ({ publicUrl, corsOrigins }: HttpContext['config']): RequestHandler =>
  cors({
    // `true` reflects the request's origin. No answer allows credentials: a call carries its token itself.
    origin: corsOrigins.includes('*') || originsOf([publicUrl, ...corsOrigins]),
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: [
      'ETag',
      'RateLimit',
      'RateLimit-Policy',
      'Retry-After',
      'X-Request-Id',
      ...QUOTA_HEADERS,
      ...TUS_HEADERS,
    ],
    maxAge: 86_400,
    // tus clients use the same method to ask for the server's extensions.
    preflightContinue: true,
  });

/** Reads the body of a request that is not an upload: it must be small, and arrive in time. */
const readJson = (context: HttpContext): RequestHandler =>
  Router().use(
    limitBodyBytes(BODY_BYTES),
    limitBodyTime(context.config.uploadIdleMs),
    express.json({ limit: BODY_BYTES }),
  );

const mountApi = (app: Express, context: HttpContext, uploads: Uploads): void => {
  const { config } = context;
  const json = readJson(context);
  // Before the JSON parser, and with separate rules: bodies of uploads are bytes.
  const attempts = countUploadAttempts(context);
  const limited = limitRate(context, 'requests', config.rateLimits.requests);
  app.use('/v1/uploads', attempts, uploadRoutes(context, uploads, limited));
  app.post('/v1/media', attempts);
  app.options('/v1/*path', (_request, response) => {
    response.status(204).end();
  });
  // Before the bearer check: a media session opens these routes, and nothing else.
  const audit = auditRequests(context);
  const viewing = [authenticateViewer(context), audit, limited];
  app.use(downloadRoutes(context, ...viewing), hlsRoutes(context, ...viewing));
  // Before the check of the user's token: an upload's ticket suffices.
  app.use(directUploadRoutes(context, limited, json));
  app.use('/v1', authenticate(context), audit, limited, json);
  app.use(conversationRoutes(context), messageRoutes(context), mediaRoutes(context), mediaUrlRoutes(context));
  app.use(
    uploadAuthorizationRoutes(context),
    referenceRoutes(context),
    erasureRoutes(context),
    userRoutes(context),
  );
  const reports = limitRate(context, 'client_reports', config.rateLimits.clientReports);
  app.use(clientReportRoutes(context, reports));
};

/** Assembles express with every route; errors leave it as problem documents (RFC 9457). */
export const createApp = (context: HttpContext, uploads: Uploads): Express => {
  const { config } = context;
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use(closeUnread, identifyRequest, traceRequests(context.tracing), observeRequests(context));
  app.use(securityHeaders(context));
  app.use(['/v1', '/config.json'], corsPolicy(config));
  app.use(webRoutes(config), openapiRoutes(config));
  if (config.devLogin)
    app.use(
      // Only here: bodies of uploads follow other rules.
      Router().use('/v1/dev/login', readJson(context)),
      devLoginRoutes(config.token),
    );

  mountApi(app, context, uploads);
  app.use((_request, response) => sendProblem(response, toProblem('not_found')));
  app.use(toProblemResponse(context.logger));
  return app;
};
