// The same few records in the format that the word on the command line names.
package main

import (
	"errors"
	"log"
	"os"

	"github.com/rs/zerolog"
	"github.com/sirupsen/logrus"
	"go.uber.org/zap"
	"k8s.io/klog"
)

var err = errors.New("no such rollout")

func main() {
	switch os.Args[1] {
	case "zap":
		logger, _ := zap.NewProduction()
		viaZap(logger)
	case "zap-console":
		logger, _ := zap.NewDevelopment()
		viaZap(logger.Named("store"))
	case "zerolog":
		viaZerolog(zerolog.New(os.Stderr).With().Timestamp().Logger())
	case "zerolog-console":
		viaZerolog(zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr, NoColor: false}).With().Timestamp().Logger())
	case "logrus":
		logrus.WithField("port", 4444).Info("listening")
		logrus.Warn("the queue is full")
		logrus.WithError(err).Error("request failed")
	case "klog":
		klog.Info("listening")
		klog.Warning("the queue is full")
		klog.Errorf("request failed: %v", err)
		klog.Flush()
	case "log":
		log.Print("listening")
		log.Printf("request failed: %v", err)
	}
}

func viaZap(logger *zap.Logger) {
	logger.Debug("request begun")
	logger.Info("listening", zap.Int("port", 4444))
	logger.Warn("the queue is full")
	logger.Error("request failed", zap.Error(err))
}

func viaZerolog(logger zerolog.Logger) {
	logger.Debug().Msg("request begun")
	logger.Info().Int("port", 4444).Msg("listening")
	logger.Warn().Msg("the queue is full")
	logger.Error().Err(err).Msg("request failed")
}
