//! One of several servers, which is started again after its end.

use crate::binary::{Home, Running};

pub struct Replica {
    home: Home,
    running: Option<Running>,
}

impl Replica {
    /// Not running yet.
    pub fn at(home: Home) -> Self {
        Self { home, running: None }
    }

    pub fn start(&mut self) {
        self.running = Some(self.home.serve());
    }

    pub fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    pub fn root(&self) -> String {
        self.running().root.clone()
    }

    pub fn kill(&mut self) {
        self.running().signal("KILL");
        // Waits for the end.
        self.running = None;
    }

    /// It hangs, with all its connections open.
    pub fn freeze(&self) {
        self.running().signal("STOP");
    }

    pub fn thaw(&self) {
        self.running().signal("CONT");
    }

    /// Takes the server out, to be stopped.
    pub fn take(&mut self) -> Running {
        self.running.take().unwrap()
    }
}
