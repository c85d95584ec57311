// What a dashboard of ours may be: Grafana's own types, with the words of closed lists as JSON has
// them, and each panel with the options of its own type.
import type {
  AnnotationQuery,
  Dashboard,
  GraphFieldConfig,
  Panel,
  RowPanel,
} from '@grafana/schema';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type {
  FieldConfig as TimelineFieldConfig,
  Options as TimelineOptions,
} from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type { Options as TimeSeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type Plain<T> = unknown extends T
  ? unknown
  : T extends string
    ? `${T}`
    : T extends number | boolean | null | undefined
      ? T
      : T extends readonly (infer Item)[]
        ? Plain<Item>[]
        : T extends object
          ? { [Key in keyof T]: Plain<T[Key]> }
          : T;

type Deep<T> = T extends readonly (infer Item)[]
  ? Deep<Item>[]
  : T extends object
    ? { [Key in keyof T]?: Deep<T[Key]> }
    : T;

// The library types queries of data sources as anything; this is Prometheus's, as its plug-in
// declares it.
interface PrometheusQuery {
  refId: string;
  datasource: { type: 'prometheus'; uid: string };
  expr: string;
  legendFormat: string;
  instant: boolean;
  range: boolean;
  exemplar: boolean;
  format: 'time_series' | 'table';
}

type PanelOf<Type extends string, Options, Custom> = Omit<
  Plain<Panel>,
  'type' | 'options' | 'fieldConfig' | 'targets'
> & {
  type: Type;
  options: Deep<Plain<Options>>;
  fieldConfig: {
    defaults: Omit<Plain<NonNullable<Panel['fieldConfig']>['defaults']>, 'custom'> & {
      custom?: Deep<Plain<Custom>>;
    };
    overrides: Plain<NonNullable<Panel['fieldConfig']>['overrides']>;
  };
  targets: PrometheusQuery[];
};

type OurPanel =
  | PanelOf<'stat', StatOptions, never>
  | PanelOf<'timeseries', TimeSeriesOptions, GraphFieldConfig>
  | PanelOf<'state-timeline', TimelineOptions, TimelineFieldConfig>
  | (Omit<Plain<RowPanel>, 'type'> & { type: 'row' });

// Likewise what an annotation asks of its data source.
type OurAnnotation = Omit<Plain<AnnotationQuery>, 'target'> & {
  target: { refId: string; expr: string; interval: string };
  titleFormat: string;
  textFormat: string;
};

export type Board = Omit<Plain<Dashboard>, 'panels' | 'annotations'> & {
  panels: OurPanel[];
  annotations: { list: OurAnnotation[] };
};
