// What the report's charts need of Apache ECharts, and nothing else;
// scripts/update-echarts bundles it into echarts.min.js.
import { use } from 'echarts/core';
import { CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';

use([CustomChart, LineChart, ScatterChart, GridComponent, TooltipComponent, SVGRenderer]);

export { init } from 'echarts/core';
