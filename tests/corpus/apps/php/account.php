<?php
session_start();
$_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
usleep(500000);
echo '<h1>Account</h1>';
