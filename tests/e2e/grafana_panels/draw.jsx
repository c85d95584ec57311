// Draws one dashboard with Grafana's own components (@grafana/ui, @grafana/data: Apache-2.0): its
// panel frames, stats and time series. A state timeline is no part of that library: it is drawn
// here as Grafana draws it. `window.DASHBOARD` holds the document and what Prometheus answered.
import '@fontsource/inter/latin-400.css';
import '@fontsource/inter/latin-500.css';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { createTheme, dateTime, FieldType, getDisplayProcessor, ThemeContext, toDataFrame } from '@grafana/data';
import { BigValue, GlobalStyles, PanelChrome, TimeSeries, VizLegend, VizRepeater } from '@grafana/ui';

const COLUMNS = 24, ROW = 30, GAP = 8;
const LINES = {
  drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, pointSize: 5, showPoints: 'auto',
  spanNulls: false, gradientMode: 'none', axisPlacement: 'auto', axisColorMode: 'text',
  axisCenteredZero: false, axisLabel: '', barAlignment: 0, scaleDistribution: { type: 'linear' },
  thresholdsStyle: { mode: 'off' }, hideFrom: { legend: false, tooltip: false, viz: false },
};
const { board, answers, from, to, step, width } = window.DASHBOARD;
const theme = createTheme({ colors: { mode: 'light' } });
const range = { from: dateTime(from), to: dateTime(to), raw: { from: dateTime(from), to: dateTime(to) } };

function named(legend, labels) {
  return legend.replace(/{{\s*(\w+)\s*}}/g, (_, label) => labels[label] ?? '');
}

// As Grafana's data source has it: a value at every step, nothing where Prometheus had nothing.
const steps = Array.from({ length: (to - from) / step + 1 }, (_, i) => from + i * step);

function framesOf(panel) {
  const { defaults, overrides } = panel.fieldConfig;
  const colours = new Map(overrides.map(({ matcher, properties }) => [matcher.options, properties[0].value]));
    let number = 0;
  return (answers[panel.id] ?? []).flatMap(({ legend, series }) => series.map(({ metric, values }) => {
    const name = named(legend, metric);
    const told = new Map(values.map(([at, value]) => [at * 1000, value === 'NaN' ? null : Number(value)]));
    const color = colours.get(name) ?? defaults.color;
    const custom = { ...LINES, ...defaults.custom };
    custom.stacking = { group: 'A', ...defaults.custom?.stacking };
    const field = {
      name, type: FieldType.number, labels: metric,
      values: steps.map((at) => told.get(at) ?? null),
      config: { ...defaults, color, custom, displayName: name },
      state: { seriesIndex: number, displayName: name },
    };
    number += 1;
    const frame = toDataFrame({ name, fields: [{ name: 'Time', type: FieldType.time, values: steps }, field] });
    const kept = frame.fields[1];
    kept.state = field.state;
    kept.display = getDisplayProcessor({ field: kept, theme });
    return frame;
  }));
}

// Numbers are asked of now alone.
const lastOf = (field) => field.values.at(-1);

function Stats({ panel, frames, width, height }) {
  const known = frames.filter(({ fields: [, field] }) => lastOf(field) !== null);
  const getValues = () => known.map(({ fields: [, field] }) => (
    { ...field.display(lastOf(field)), title: field.config.displayName }
  ));
  const { colorMode, graphMode, textMode } = panel.options;
  return (
    <VizRepeater
      getValues={getValues} width={width} height={height} source={frames} renderCounter={0}
      autoGrid orientation="auto"
      renderValue={({ value, width, height, count }) => (
        <BigValue value={value} width={width} height={height} count={count} theme={theme}
          colorMode={colorMode} graphMode={graphMode} textMode={textMode} justifyMode="auto" />
      )}
    />
  );
}

function Timeline({ frames, width, height }) {
  const longest = Math.max(...frames.map(({ fields: [, field] }) => field.config.displayName.length));
  const left = 12 + 6.5 * longest, foot = 46, line = (height - foot) / frames.length;
  const place = (at) => left + ((at - from) / (to - from)) * (width - left);
  const shown = new Map();
  const bars = frames.flatMap(({ fields: [time, field] }, row) => {
    const texts = field.values.map((value) => field.display(value));
    const starts = texts.map((_, i) => i).filter((i) => i === 0 || texts[i].text !== texts[i - 1].text);
    return starts.filter((start) => field.values[start] !== null).map((start) => {
      const text = texts[start], end = starts.find((i) => i > start) ?? texts.length - 1;
      shown.set(text.text, text.color);
      const x = place(time.values[start]);
      return <rect key={`${row} ${start}`} x={x} y={row * line + 1} height={line - 2} fill={text.color}
        width={Math.max(place(time.values[end]) - x, 1)} />;
    });
  });
  const ticks = [0.1, 0.3, 0.5, 0.7, 0.9].map((part) => from + part * (to - from));
  const items = [...shown].map(([label, color]) => ({ label, color, yAxis: 1 }));
  const quiet = { fill: theme.colors.text.secondary, fontSize: 12 };
  return (
    <div>
      <svg width={width} height={height - 26}>
        {bars}
        {frames.map(({ fields: [, field] }, row) => (
          <text key={row} x={left - 8} y={(row + 0.5) * line + 4} textAnchor="end" {...quiet}>
            {field.config.displayName}
          </text>
        ))}
        {ticks.map((at) => (
          <text key={at} x={place(at)} y={height - 32} textAnchor="middle" {...quiet}>
            {dateTime(at).format('HH:mm:ss')}
          </text>
        ))}
      </svg>
      <VizLegend displayMode="list" placement="bottom" items={items} />
    </div>
  );
}

function Inside({ panel, width, height }) {
  const frames = framesOf(panel);
  if (!frames.length) {
    return <div style={{ textAlign: 'center', paddingTop: height / 3 }}>No data</div>;
  }
  switch (panel.type) {
    case 'stat':
      return <Stats panel={panel} frames={frames} width={width} height={height} />;
    case 'state-timeline':
      return <Timeline frames={frames} width={width} height={height} />;
    default:
      return <TimeSeries frames={frames} width={width} height={height} timeRange={range} timeZone="utc"
        structureRev={1} legend={panel.options.legend} options={panel.options} />;
  }
}

function Placed({ panel }) {
  const { x, y, w, h } = panel.gridPos;
  const cell = (width - GAP) / COLUMNS;
  const box = { left: GAP + x * cell, top: y * (ROW + GAP), width: w * cell - GAP, height: h * ROW + (h - 1) * GAP };
  const style = { position: 'absolute', ...box };
  if (panel.type === 'row') {
    return <div style={{ ...style, lineHeight: `${ROW}px`, fontWeight: 500 }}>⌄ {panel.title}</div>;
  }
  return (
    <div style={style}>
      <PanelChrome title={panel.title} width={box.width} height={box.height} padding="md">
        {(width, height) => <Inside panel={panel} width={width} height={height} />}
      </PanelChrome>
    </div>
  );
}

function Variables() {
  const label = { padding: '4px 8px', border: `1px solid ${theme.colors.border.medium}`, marginRight: 0 };
  return (
    <div style={{ padding: `0 ${GAP}px 10px`, display: 'flex', gap: 12, fontSize: 13 }}>
      {board.templating.list.map((each) => (
        <span key={each.name}>
          <span style={{ ...label, background: theme.colors.background.secondary }}>{each.label}</span>
          <span style={label}>{each.current?.text ?? 'Prometheus'}</span>
        </span>
      ))}
    </div>
  );
}

const height = Math.max(...board.panels.map(({ gridPos: { y, h } }) => y + h)) * (ROW + GAP);
document.body.style.background = theme.colors.background.canvas;
document.body.style.margin = '0';
// Grafana measures its texts in its own font.
const fonts = Promise.all([400, 500].map((weight) => document.fonts.load(`${weight} 12px Inter`)));
fonts.then(() => createRoot(document.getElementById('board')).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles hackNoBackdropBlur />
    <div style={{ fontFamily: theme.typography.fontFamily, color: theme.colors.text.primary, fontSize: 14 }}>
      <h1 style={{ fontSize: 20, padding: '14px 8px 10px', margin: 0 }}>{board.title}</h1>
      <Variables />
      <div style={{ position: 'relative', height }}>
        {board.panels.map((panel) => <Placed key={panel.id} panel={panel} />)}
      </div>
    </div>
  </ThemeContext.Provider>,
));
