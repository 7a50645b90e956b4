"""Tests of mlrun.project.command.template."""
