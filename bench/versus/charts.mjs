// The curves of growth as SVG files.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** curve -> its charts: [title, unit, the figures shown]. */
const CHARTS = {
  instances: {
    axis: "instances",
    charts: [
      ["Memory (RSS)", "MB", ["rssMb"]],
      ["Resolve, 4 x 50", "ms", ["resolveP99Ms"]],
      ["Fill by RegisterBatch, restart", "s", ["fillSeconds", "restartSeconds"]],
    ],
  },
  watchers: {
    axis: "watchers",
    charts: [
      ["From write to watcher", "ms", ["p50Ms", "p99Ms"]],
      ["Memory a watcher (RSS)", "kB", ["rssKbPerWatcher"]],
      ["CPU a change", "ms", ["serverCpuMsPerWrite"]],
    ],
  },
  updates: {
    axis: "bytes an update",
    charts: [
      ["From write to 100 watchers", "ms", ["p50Ms", "p99Ms"]],
      ["CPU a change", "ms", ["serverCpuMsPerWrite"]],
    ],
  },
};
const SIZE = { width: 420, height: 300 };

/** Draws them into `folder` and answers the names of the files. */
export async function drawCharts(curves, folder) {
  const echarts = await import("echarts");
  const names = [];
  for (const [curve, { axis, charts }] of Object.entries(CHARTS)) {
    const points = curves[curve].map((point) => ({ ...point, restartSeconds: point.restartMs / 1000 }));
    for (const [index, [title, unit, figures]] of charts.entries()) {
      const chart = echarts.init(null, null, { renderer: "svg", ssr: true, ...SIZE });
      chart.setOption(option({ title, unit, axis, figures, points }));
      const name = `${curve}-${index + 1}.svg`;
      writeFileSync(join(folder, name), `${chart.renderToSVGString()}\n`);
      chart.dispose();
      names.push(name);
    }
  }
  return names;
}

function option({ title, unit, axis, figures, points }) {
  return {
    animation: false,
    backgroundColor: "#ffffff",
    title: { text: title, left: "center", textStyle: { fontSize: 14 } },
    legend: figures.length > 1 ? { bottom: 0 } : { show: false },
    grid: { left: 60, right: 24, top: 48, bottom: figures.length > 1 ? 66 : 48 },
    xAxis: {
      type: "log",
      name: axis,
      nameLocation: "middle",
      nameGap: 26,
      min: points[0].size,
      max: points.at(-1).size,
    },
    yAxis: { type: "value", name: unit, min: 0 },
    series: figures.map((figure) => ({
      name: figure,
      type: "line",
      symbolSize: 7,
      data: points.map((point) => [point.size, point[figure]]),
    })),
  };
}
