import type { FilledPanel } from './dashboard.ts';

const CELL = { width: 44, height: 22 };
/** Width of a plot for each column of its panel. */
const PLOT = { width: 41, height: 104 };
const COLOURS = ['#4c9be8', '#f2a93b', '#58b368', '#e0584f', '#a277d6', '#3fb8af', '#d88fb0', '#a3a847'];
const MOST_LEGENDS = 6;

const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** 1234567 → 1.2M, by thousands or, for bytes, by 1,024. */
const short = (value: number, base: number): string => {
  const units = ['', 'k', 'M', 'G', 'T'];
  let [rest, step] = [value, 0];
  while (Math.abs(rest) >= base && step < units.length - 1) [rest, step] = [rest / base, step + 1];
  return `${Number(rest.toPrecision(2))}${units[step]}`;
};

const FORMATS: Record<FilledPanel['panel']['fieldConfig']['defaults']['unit'], (value: number) => string> = {
  ops: (value) => `${short(value, 1_000)}/s`,
  Bps: (value) => `${short(value, 1_024)}B/s`,
  s: (value) => (value < 1 ? `${short(value * 1_000, 1_000_000)} ms` : `${short(value, 1_000)} s`),
  short: (value) => short(value, 1_000),
  bytes: (value) => `${short(value, 1_024)}B`,
  decbytes: (value) => `${short(value, 1_000)}B`,
  percentunit: (value) => `${Number((value * 100).toPrecision(3))} %`,
};

const latest = (
  points: readonly (readonly [number, number])[],
  format: (value: number) => string,
): string => {
  const value = points.at(-1)?.[1] ?? Number.NaN;
  return Number.isFinite(value) ? format(value) : '–';
};

const drawStat = ({ panel, lines }: FilledPanel): string => {
  const format = FORMATS[panel.fieldConfig.defaults.unit];
  const stats = lines.map(
    ({ name, points }) => `<span><b>${escapeHtml(latest(points, format))}</b> ${escapeHtml(name)}</span>`,
  );
  return `<p class="stat">${stats.join('')}</p>`;
};

const peak = ({ points }: FilledPanel['lines'][number]): number =>
  Math.max(-1, ...points.map(([, value]) => value).filter(Number.isFinite));

const drawLines = ({ panel, lines: given }: FilledPanel, range: { start: number; end: number }): string => {
  // The legend has room for a few: those that a reader can see.
  const lines = given.toSorted((one, other) => peak(other) - peak(one));
  const width = panel.gridPos.w * PLOT.width;
  const format = FORMATS[panel.fieldConfig.defaults.unit];
  const highest = Math.max(0, ...lines.flatMap(({ points }) => points.map(([, value]) => value || 0)));
  const top = highest === 0 ? 1 : highest;
  const x = (time: number) => (((time - range.start) / (range.end - range.start)) * width).toFixed(1);
  const y = (value: number) => (PLOT.height * (1 - value / top)).toFixed(1);
  const paths = lines.map(({ points }, index) => {
    const drawn = points.filter(([, value]) => Number.isFinite(value));
    const at = drawn.map(([time, value]) => `${x(time)},${y(value)}`).join(' ');
    return `<polyline points="${at}" stroke="${COLOURS[index % COLOURS.length]}"/>`;
  });
  const grid = [0, 0.5, 1].map(
    (part) =>
      `<line x1="0" x2="${width}" y1="${y(part * top)}" y2="${y(part * top)}"/>
       <text x="-4" y="${Number(y(part * top)) + 4}">${escapeHtml(format(part * top))}</text>`,
  );
  const legends = lines.slice(0, MOST_LEGENDS).map(({ name, points }, index) => {
    const value = escapeHtml(latest(points, format));
    return `<span><i style="background:${COLOURS[index % COLOURS.length]}"></i>${escapeHtml(name)} ${value}</span>`;
  });
  const more = lines.length > MOST_LEGENDS ? `<span>and ${lines.length - MOST_LEGENDS} more</span>` : '';
  return `<svg viewBox="-52 -6 ${width + 58} ${PLOT.height + 12}"><g>${grid.join('')}</g>${paths.join('')}</svg>
    <p>${legends.join('')}${more}</p>`;
};

const drawPanel = (filled: FilledPanel, range: { start: number; end: number }): string => {
  const { title, type, gridPos } = filled.panel;
  const { x: left, y: up, w, h } = gridPos;
  return `<section style="left:${left * CELL.width}px;top:${up * CELL.height}px;width:${w * CELL.width - 6}px;height:${h * CELL.height - 6}px">
    <h2>${escapeHtml(title)}</h2>${type === 'stat' ? drawStat(filled) : drawLines(filled, range)}</section>`;
};

const STYLE = `
  body { margin: 12px; background: #fff; color: #222; font: 11px sans-serif; }
  h1 { font-size: 15px; margin: 0 0 8px; } h1 small { font-weight: normal; color: #666; }
  main { position: relative; }
  section { position: absolute; border: 1px solid #ddd; border-radius: 3px; box-sizing: border-box; padding: 4px 6px; overflow: hidden; }
  h2 { font-size: 11px; margin: 0; } svg { width: 100%; display: block; } p { margin: 0; line-height: 1.3; }
  polyline { fill: none; stroke-width: 1.5; } line { stroke: #eee; } text { font-size: 9px; fill: #888; text-anchor: end; }
  .stat { margin-top: 8px; line-height: 1.7; } b { font-size: 15px; }
  span { margin-right: 8px; white-space: nowrap; } i { display: inline-block; width: 8px; height: 3px; margin-right: 3px; vertical-align: middle; }`;

/** A page with the panels of a dashboard where Grafana would put them. @param note what the picture is of */
export const drawPage = (
  dashboard: { title: string; note: string },
  panels: readonly FilledPanel[],
  range: { start: number; end: number },
): { html: string; width: number; height: number } => {
  const bottom = Math.max(...panels.map(({ panel }) => panel.gridPos.y + panel.gridPos.h));
  const [width, height] = [24 * CELL.width, bottom * CELL.height];
  const html = `<!doctype html><meta charset="utf-8"><style>${STYLE}</style>
    <h1>${escapeHtml(dashboard.title)} <small>${escapeHtml(dashboard.note)}</small></h1>
    <main style="height:${height}px">${panels.map((panel) => drawPanel(panel, range)).join('')}</main>`;
  return { html, width: width + 24, height: height + 50 };
};
