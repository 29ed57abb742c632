// A small distribution of the OpenTelemetry Collector for tests: it receives OTLP over gRPC and HTTP and appends what it
// got to a file, one JSON object (OTLP's own encoding) a batch. Everything but the file is the collector's own code.
package main

import (
	"context"
	"log"
	"os"
	"sync"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exporterhelper"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
)

type fileConfig struct {
	Path string `mapstructure:"path"`
}

// fileSink writes whole lines in the order of arrival; what a caller was told is stored, is in the file.
type fileSink struct {
	path      string
	mutex     sync.Mutex
	file      *os.File
	marshaler ptrace.JSONMarshaler
}

func (s *fileSink) start(context.Context, component.Host) (err error) {
	s.file, err = os.OpenFile(s.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return err
}

func (s *fileSink) write(_ context.Context, traces ptrace.Traces) error {
	line, err := s.marshaler.MarshalTraces(traces)
	if err != nil {
		return err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	_, err = s.file.Write(append(line, '\n'))
	return err
}

func (s *fileSink) stop(context.Context) error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

func newFile(ctx context.Context, set exporter.Settings, config component.Config) (exporter.Traces, error) {
	sink := &fileSink{path: config.(*fileConfig).Path}
	return exporterhelper.NewTraces(ctx, set, config, sink.write,
		exporterhelper.WithStart(sink.start), exporterhelper.WithShutdown(sink.stop))
}

func components() (otelcol.Factories, error) {
	file := exporter.NewFactory(component.MustNewType("file"),
		func() component.Config { return &fileConfig{} },
		exporter.WithTraces(newFile, component.StabilityLevelDevelopment))
	receivers, err := otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory())
	if err != nil {
		return otelcol.Factories{}, err
	}
	exporters, err := otelcol.MakeFactoryMap(file)
	if err != nil {
		return otelcol.Factories{}, err
	}
	return otelcol.Factories{
		Receivers: receivers,
		Exporters: exporters,
		Telemetry: otelconftelemetry.NewFactory(),
	}, nil
}

func main() {
	command := otelcol.NewCommand(otelcol.CollectorSettings{
		BuildInfo: component.BuildInfo{Command: "collector", Description: "OpenTelemetry Collector for tests"},
		Factories: components,
		ConfigProviderSettings: otelcol.ConfigProviderSettings{
			ResolverSettings: confmap.ResolverSettings{
				DefaultScheme:     "file",
				ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory()},
			},
		},
	})
	if err := command.Execute(); err != nil {
		log.Fatal(err)
	}
}
